import { role, username } from '../../options.ts'
import { action } from '../../spec.ts'

export const logoutUser = action({
  options: { username: username('The name of the user whose logins are to end'), role },
  run: (args, { call }) => call('user.logout', { username: args.username, role: args.role }),
})
