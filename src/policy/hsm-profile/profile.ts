/** What a cluster was founded as: its mode and its type of HSM, and what they forbid. */
import type { ClusterRecord } from '../../model/records.ts'
import { allow, type Decision, deny, type Refusal } from '../decision.ts'

/** What of the cluster the rules need. */
export type Profile = Pick<ClusterRecord, 'mode' | 'hsmType'>

/** What a new cluster becomes. By default everything that the CLI can ask for works. */
export function foundingProfile({ mode, hsmType = 'hsm2m.medium' }: Partial<Profile>): Decision<Profile> {
  if (hsmType !== 'hsm1.medium') return allow({ mode: mode ?? 'non-fips', hsmType })
  if (mode !== 'non-fips') return allow({ mode: 'fips', hsmType })
  return deny('invalid-request', 'HSMs of type hsm1.medium have no other mode than fips')
}

/** @param what the rest of a sentence */
export const refused = (what: string): Refusal => deny('mechanism-refused', `Invalid mechanism: ${what}`)
