import type { UserRecord } from '../../model/records.ts'
import { deleteUser } from '../../policy/users.ts'
import { loggedInOn } from '../facts.ts'
import { change } from '../pipelines.ts'

export const userDelete = change<'user.delete', undefined, UserRecord>('user.delete', {
  decide({ parts, view, call }, request) {
    const user = view.userByName(request.username)
    return deleteUser(call.actor, request, {
      user,
      loggedInOn: loggedInOn(parts, user),
      ownsKeys: user !== undefined && view.keysByOwner(user.id).size > 0,
    })
  },
  subjects: ({ username }) => [`user/${username}`],
  reply: (_parts, _call, { username, role }) => ({ username, role }),
})
