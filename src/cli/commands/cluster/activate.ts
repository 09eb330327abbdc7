import { action } from '../../spec.ts'
import { password } from '../options.ts'

export const activate = action({
  options: { password: password('The first password of the admin') },
  anyone: true,
  asks: 2,
  async run(args, { call, askNewPassword }) {
    await call('cluster.activate', { password: args.password ?? (await askNewPassword()) })
    return 'Cluster activation successful'
  },
})
