import type { UserRecord } from '../../model/records.ts'
import { changePassword } from '../../policy/users.ts'
import { loggedInOn, loginOf } from '../facts.ts'
import { change } from '../pipelines.ts'

export const userChangePassword = change<'user.change-password', string, UserRecord>('user.change-password', {
  prepare: async ({ passwords }, _call, { password }) => passwords.hash(password),
  decide({ parts, view, call }, request, hash) {
    const user = view.userByName(request.username)
    const held = { user, loggedInOn: loggedInOn(parts, user), login: loginOf(view, call) }
    return changePassword(call.actor, { ...request, password: hash }, held)
  },
  subjects: ({ username }) => [`user/${username}`],
  reply: (_parts, _call, { username, role }) => ({ username, role }),
})
