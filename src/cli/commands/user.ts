/** The commands of `user`. */
import { command, type Rows, replication } from '../spec.ts'
import { force, password, role, username } from './options.ts'

export const USER: Rows = [
  command({
    name: 'change-password',
    about: 'Change the password of a user, which also unlocks a locked user',
    options: {
      username: username('The name of the user whose password is to be changed'),
      role,
      password: password('The new password of the user'),
      force,
    },
    asks: 2,
    operation: 'user.change-password',
    request: async ({ username, role, password, force = false }, { askNewPassword }) => ({
      username,
      role,
      password: password ?? (await askNewPassword()),
      force,
    }),
  }),
  command({
    name: 'create',
    about: 'Create a user in the HSM cluster',
    options: {
      username: username('The name of the new user'),
      role,
      password: password('The password of the new user'),
    },
    asks: 2,
    operation: 'user.create',
    request: async ({ username, role, password }, { askNewPassword }) => ({
      username,
      role,
      password: password ?? (await askNewPassword()),
    }),
  }),
  command({
    name: 'delete',
    about: 'Delete a user from the HSM cluster',
    options: { username: username('The name of the user to delete'), role, force },
    operation: 'user.delete',
    request: ({ username, role, force = false }) => ({ username, role, force }),
  }),
  command({
    name: 'list',
    about: 'List the users of the HSM cluster',
    options: {},
    anyone: true,
    operation: 'user.list',
    request: () => ({}),
  }),
  command({
    name: 'logout',
    about: 'End all logins of a user, on every HSM of the cluster',
    extension: true,
    options: { username: username('The name of the user whose logins are to end'), role },
    operation: 'user.logout',
    request: ({ username, role }) => ({ username, role }),
  }),
  replication({
    name: 'replicate',
    about: 'Replicate a user from a source to a destination cluster',
    options: { username: username('Specify the username of the user to replicate'), role },
    async replicate({ username, role }, { source, destination }) {
      const { challenge } = await destination('replica.challenge', {})
      const { parcel } = await source('user.export-replica', { username, role, challenge })
      const { user } = await destination('user.import-replica', { challenge, parcel })
      return { user, message: 'Successfully replicated user' }
    },
  }),
]
