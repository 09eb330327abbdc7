import { action } from '../../spec.ts'

export const hsmInfo = action({
  options: {},
  anyone: true,
  run: (_args, { call }) => call('cluster.hsm-info', {}),
})
