import type { UserRecord } from '../../model/records.ts'
import { deleteUser } from '../../policy/users.ts'
import { change } from '../pipelines.ts'

export const userDelete = change<'user.delete', undefined, UserRecord>('user.delete', {
  decide({ parts, view }, { username, role }) {
    const user = view.userByName(username)
    return deleteUser(
      { username, role },
      {
        user,
        loggedIn: user !== undefined && parts.sessions.countOf(user.id) > 0,
        ownsKeys: user !== undefined && view.keysByOwner(user.id).size > 0,
      },
    )
  },
  subjects: ({ username }) => [`user/${username}`],
  reply: (_parts, _call, { username, role }) => ({ username, role }),
})
