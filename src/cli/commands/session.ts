/** The commands about logins and about the program itself. */
import { action, CLUSTER_ID, type Leaf } from '../spec.ts'
import { password, role, username } from './options.ts'

export const LOGIN = action({
  name: 'login',
  about: 'Log in to the HSM cluster',
  options: {
    username: username('The name of the user to log in'),
    role,
    password: password('The password of the user'),
  },
  anyone: true,
  asks: 1,
  run: async (args, { login }) => login(args.username, args.role, args.password),
})

export const LOGOUT = action({
  name: 'logout',
  about: 'Log out of the HSM cluster',
  options: {},
  async run(_args, { logout }) {
    await logout()
    return 'Logout successful'
  },
})

export const INTERACTIVE: Leaf = {
  name: 'interactive',
  about: 'Enter commands one after another, with one login for all of them',
  command: { options: { 'cluster-id': CLUSTER_ID }, mode: 'interactive' },
}

export const QUIT: Leaf = {
  name: 'quit',
  about: 'Leave the interactive mode',
  command: { options: {}, mode: 'quit' },
}
