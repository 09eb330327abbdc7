import { action } from '../../spec.ts'
import { force, password, role, username } from '../options.ts'

export const changePassword = action({
  options: {
    username: username('The name of the user whose password is to be changed'),
    role,
    password: password('The new password of the user'),
    force,
  },
  asks: 2,
  run: async (args, { call, askNewPassword }) =>
    call('user.change-password', {
      username: args.username,
      role: args.role,
      password: args.password ?? (await askNewPassword()),
      force: args.force ?? false,
    }),
})
