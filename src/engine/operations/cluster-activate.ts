import { activate } from '../../policy/users.ts'
import { clusterOf } from '../cluster-state.ts'
import { change } from '../pipelines.ts'

export const clusterActivate = change<'cluster.activate', string | undefined, unknown>('cluster.activate', {
  /** No hash is spent on a cluster that is active already. */
  prepare: async ({ store, passwords }, _call, { password }) =>
    clusterOf(store.catalog).state === 'INITIALIZED' ? passwords.hash(password) : undefined,
  decide({ view }, _request, hash) {
    return activate(clusterOf(view), view.userByName('admin'), hash)
  },
  subjects: () => ['user/admin'],
  reply: () => ({}),
})
