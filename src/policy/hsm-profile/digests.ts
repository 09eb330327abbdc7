/** Hash functions of ECDSA, which in FIPS mode are at least as strong as the key (FIPS 186-5 §6.1.1). */
import { CURVES, HASHES } from '../../contract/algorithms.ts'
import type { Mechanism } from '../../contract/mechanisms.ts'
import type { KeyRecord } from '../../model/records.ts'
import { allow, type Decision } from '../decision.ts'
import { type Profile, refused } from './profile.ts'

export type DigestRules = {
  readonly profile: Profile
  /** The session asked not to be held to them. */
  readonly weakHashes: boolean
}

/** Whether the hash function that the mechanism names, if it does, is strong enough for the key. */
export const hashFits = (rules: DigestRules, key: KeyRecord, mechanism: Mechanism): Decision<void> =>
  mechanism.name === 'ecdsa' ? strongEnough(rules, key, HASHES[mechanism.hash].bytes) : allow(undefined)

/** The same of a hash function that nothing names, and that the length of its values tells, in bytes. */
export const digestsFit = (
  rules: DigestRules,
  key: KeyRecord,
  mechanism: Mechanism,
  values: readonly { readonly length: number }[],
): Decision<void> =>
  mechanism.name === 'ecdsa-prehashed'
    ? strongEnough(rules, key, Math.min(...values.map(({ length }) => length)))
    : allow(undefined)

/** Half as many bits as there are, of a hash value and of the order of a curve (NIST SP 800-57 Part 1 §5.6.1). */
const BITS_PER_BYTE = 4
/** More is not told apart. */
const STRONGEST = 256

function strongEnough(
  { profile, weakHashes }: DigestRules,
  { ec }: KeyRecord,
  bytes: number,
): Decision<void> {
  if (profile.mode !== 'fips' || weakHashes || !ec || ec.curve === 'ed25519') return allow(undefined)
  const digest = bytes * BITS_PER_BYTE
  const key = Math.min(CURVES[ec.curve].fieldBytes * BITS_PER_BYTE, STRONGEST)
  if (digest >= key) return allow(undefined)
  return refused(`Digest security strength (${digest}) is weaker than the key security strength (${key})`)
}
