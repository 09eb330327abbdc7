/** Types of keys that some modes and types of HSM do not have, or cannot make. */
import { factsOf, kindOf } from '../../contract/key-kinds.ts'
import type { KeyRecord } from '../../model/records.ts'
import { allow, type Decision } from '../decision.ts'
import type { Provenance } from '../trusted-wrapping/new-keys.ts'
import { type Profile, refused } from './profile.ts'

type NewKey = Pick<KeyRecord, 'keyType' | 'ec'> & { readonly origin: Provenance }

/** Denies `mechanism-refused` with the mode or type of HSM that has no such keys. */
export function typeFits({ mode, hsmType }: Profile, { keyType, ec, origin }: NewKey): Decision<void> {
  const { notInFips } = factsOf(kindOf(keyType, ec?.curve))
  const what = ec?.curve === 'ed25519' ? 'on the curve ed25519' : `of type ${keyType}`
  if (mode === 'fips' && notInFips === 'all') return refused(`keys ${what} cannot be used in FIPS mode`)
  const isNew = origin.from === 'generated' || origin.from === 'derived'
  if (mode === 'fips' && notInFips === 'new' && isNew) {
    return refused(`keys ${what} cannot be made in FIPS mode`)
  }
  if (hsmType === 'hsm1.medium' && keyType === 'ml-dsa') {
    return refused('HSMs of type hsm1.medium have no keys of type ml-dsa')
  }
  return allow(undefined)
}
