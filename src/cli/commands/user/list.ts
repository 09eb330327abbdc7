import { action } from '../../spec.ts'

export const listUsers = action({
  options: {},
  anyone: true,
  run: (_args, { call }) => call('user.list', {}),
})
