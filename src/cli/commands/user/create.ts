import { action } from '../../spec.ts'
import { password, role, username } from '../options.ts'

export const createUser = action({
  options: {
    username: username('The name of the new user'),
    role,
    password: password('The password of the new user'),
  },
  asks: 2,
  run: async (args, { call, askNewPassword }) =>
    call('user.create', {
      username: args.username,
      role: args.role,
      password: args.password ?? (await askNewPassword()),
    }),
})
