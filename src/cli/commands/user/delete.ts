import { action } from '../../spec.ts'
import { force, role, username } from '../options.ts'

export const deleteUser = action({
  options: { username: username('The name of the user to delete'), role, force },
  run: (args, { call }) =>
    call('user.delete', { username: args.username, role: args.role, force: args.force ?? false }),
})
