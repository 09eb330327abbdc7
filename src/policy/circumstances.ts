import type { DigestRules } from './hsm-profile/digests.ts'
import type { Availability } from './key-availability.ts'

/** What of the cluster and of the session bears on a use of any key, besides the right to it. */
export type Circumstances = Availability & DigestRules
