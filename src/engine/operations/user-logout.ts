import type { UserRecord } from '../../model/records.ts'
import { logoutUser } from '../../policy/users.ts'
import { loginOf } from '../facts.ts'
import { change } from '../pipelines.ts'

/** Sessions are known to their own HSM only; each ends those that were begun before this change of the user. */
export const userLogout = change<'user.logout', undefined, UserRecord>('user.logout', {
  decide: ({ view, call }, request) =>
    logoutUser(call.actor, request, {
      user: view.userByName(request.username),
      login: loginOf(view, call),
    }),
  subjects: ({ username }) => [`user/${username}`],
  reply: (_parts, _call, { username, role }) => ({ username, role }),
})
