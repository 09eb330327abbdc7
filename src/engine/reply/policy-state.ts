import type { CatalogView } from '../../catalog/catalog.ts'
import type { Reply } from '../../contract/operations.ts'
import { isApplied, isHonoured } from '../../policy/trusted-wrapping/profile.ts'
import { clusterOf } from '../cluster-state.ts'

/** The policy as an admin is shown it. */
export function policyState(view: CatalogView): Reply<'policy.show'> {
  const cluster = clusterOf(view)
  const distrusted = [...view.keys()].filter((key) => key.flags.trusted && !isHonoured(cluster, key))
  return {
    policy: 'trusted-wrapping',
    applied: isApplied(cluster),
    'keys-not-honoured': distrusted.map(({ id }) => id),
  }
}
