import { applyTrustedWrapping } from '../../policy/trusted-wrapping/profile.ts'
import { clusterOf } from '../cluster-state.ts'
import { change } from '../pipelines.ts'
import { policyState } from '../policy-state.ts'

/** The barrier ends every use of a key that is under way: it was decided without the policy. */
export const policyApply = change('policy.apply', {
  decide: ({ view }) => applyTrustedWrapping(clusterOf(view)),
  subjects: ({ policy }) => [`policy/${policy}`],
  reply: ({ store }) => policyState(store.catalog),
})
