import type { UserRecord } from '../../model/records.ts'
import { changePassword } from '../../policy/users.ts'
import { change } from '../pipelines.ts'

export const userChangePassword = change<'user.change-password', string, UserRecord>('user.change-password', {
  prepare: async ({ passwords }, _call, { password }) => passwords.hash(password),
  decide({ parts, view, call }, { username, role }, hash) {
    const user = view.userByName(username)
    const loggedIn = user !== undefined && parts.sessions.countOf(user.id) > 0
    return changePassword(call.actor, { username, role, password: hash }, { user, loggedIn })
  },
  subjects: ({ username }) => [`user/${username}`],
  reply: (_parts, _call, { username, role }) => ({ username, role }),
})
