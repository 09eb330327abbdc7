/** Types of keys that there cannot be, or that cannot be made, in some modes and types of HSM. */
import type { KeyRecord } from '../../model/records.ts'
import { allow, type Decision } from '../decision.ts'
import type { Provenance } from '../trusted-wrapping/new-keys.ts'
import { type Profile, refused } from './profile.ts'

type NewKey = Pick<KeyRecord, 'keyType' | 'ec'> & { readonly origin: Provenance }

/** 3DES keys still come in from outside, to read what they have encrypted, but no new ones are made. */
export function typeFits({ mode, hsmType }: Profile, { keyType, ec, origin }: NewKey): Decision<void> {
  if (mode === 'fips' && ec?.curve === 'ed25519') {
    return refused('keys on the curve ed25519 cannot be used in FIPS mode')
  }
  if (mode === 'fips' && keyType === 'des3' && (origin.from === 'generated' || origin.from === 'derived')) {
    return refused('keys of type des3 cannot be made in FIPS mode')
  }
  if (hsmType === 'hsm1.medium' && keyType === 'ml-dsa') {
    return refused('HSMs of type hsm1.medium have no keys of type ml-dsa')
  }
  return allow(undefined)
}
