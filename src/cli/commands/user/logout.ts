import { action } from '../../spec.ts'
import { role, username } from '../options.ts'

export const logoutUser = action({
  options: { username: username('The name of the user whose logins are to end'), role },
  run: (args, { call }) => call('user.logout', { username: args.username, role: args.role }),
})
