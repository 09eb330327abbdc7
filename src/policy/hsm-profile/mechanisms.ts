/** What FIPS mode forbids to do with keys, as on CloudHSM since 2024. */

import type { Table } from '../../contract/mechanism-table.ts'
import { MECHANISMS_TO, type Use } from '../../contract/mechanisms.ts'
import { allow, type Decision } from '../decision.ts'
import { type Profile, refused } from './profile.ts'

/** Whether the mode of the cluster has this use of this mechanism. */
export function mechanismFits<U extends Use>(
  { mode }: Profile,
  use: U,
  name: keyof (typeof MECHANISMS_TO)[U] & string,
): Decision<void> {
  const table: Table = MECHANISMS_TO[use]
  const isForbidden = mode === 'fips' && table[name]?.notInFips?.includes(use)
  return isForbidden ? refused(`${name} cannot be used to ${use} in FIPS mode`) : allow(undefined)
}
