import { action } from '../spec.ts'
import { password, role, username } from './options.ts'

export const login = action({
  options: {
    username: username('The name of the user to log in'),
    role,
    password: password('The password of the user'),
  },
  anyone: true,
  asks: 1,
  run: async (args, { login }) => login(args.username, args.role, args.password),
})
