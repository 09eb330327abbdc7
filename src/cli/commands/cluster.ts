/** The commands of `cluster`. */
import { command, type Rows } from '../spec.ts'
import { password } from './options.ts'

export const CLUSTER: Rows = [
  command({
    name: 'activate',
    about: 'Activate the HSM cluster by setting the first password of its admin',
    options: { password: password('The first password of the admin') },
    anyone: true,
    asks: 2,
    operation: 'cluster.activate',
    request: async (args, { askNewPassword }) => ({ password: args.password ?? (await askNewPassword()) }),
    output: () => 'Cluster activation successful',
  }),
  command({
    name: 'hsm-info',
    about: 'List the HSMs of the cluster',
    options: {},
    anyone: true,
    operation: 'cluster.hsm-info',
    request: () => ({}),
  }),
]
