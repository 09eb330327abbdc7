/** New keys under the policy `trusted-wrapping`: a key is protected from its first moment, and for one purpose. */
import type { Flags, KeyClass, NewAttributes } from '../../contract/attributes.ts'
import { allow, type Decision, deny, type Refusal } from '../decision.ts'
import type { Origin } from '../new-key-flags.ts'
import { derivesByMac, hasOtherUse, isApplied, type Setting, transports } from './profile.ts'

/** Where the value of a key comes from. */
export type Provenance = Origin | { readonly from: 'copied' }

type NewKey = { readonly keyClass: KeyClass; readonly flags: Flags; readonly origin: Provenance }

/**
 * A derived key of one byte is found by trying all 256, and with it the first byte of a longer one that is derived
 * alike, and so on (the reduced key size of J. Clulow, "On the Security of PKCS #11", CHES 2003).
 */
const DERIVED_BYTES_MIN = 16

/** What was asked for, completed so that it is allowed where that leaves a choice. */
export function completedFor(setting: Setting, keyClass: KeyClass, given: NewAttributes): NewAttributes {
  if (!isApplied(setting) || keyClass === 'public-key') return given
  const { sign = false, verify = false, extractable = false } = given
  if (transports(given) || derivesByMac(keyClass, given)) return { ...given, sign, verify, extractable }
  if (given.sensitive === false || given.extractable === false) return given
  return { ...given, 'wrap-with-trusted': given['wrap-with-trusted'] ?? true }
}

/** Whether there may be such a key. */
export function mayMake(setting: Setting, { keyClass, flags, origin }: NewKey): Decision<void> {
  if (!isApplied(setting)) return allow(undefined)
  if (transports(flags)) return mayTransport(keyClass, flags, origin)
  if (derivesByMac(keyClass, flags)) return mayBeBase(flags, origin)
  if (keyClass === 'public-key') return allow(undefined)
  if (!flags.sensitive && revealsAnother(origin)) {
    return refused('a key that is unwrapped, or derived from a sensitive one, must be sensitive')
  }
  return isProtected(flags)
    ? allow(undefined)
    : refused('a sensitive key that is extractable must have wrap-with-trusted=true')
}

/** @param keyLengthBytes of its value */
export function mayPlace(
  setting: Setting,
  key: NewKey & { readonly keyLengthBytes: number },
): Decision<void> {
  const { origin, keyLengthBytes } = key
  const isShort = origin.from === 'derived' && revealsAnother(origin) && keyLengthBytes < DERIVED_BYTES_MIN
  if (isApplied(setting) && isShort) {
    return refused(`a key derived from a sensitive one must have at least ${DERIVED_BYTES_MIN} bytes`)
  }
  return mayMake(setting, key)
}

function mayTransport(keyClass: KeyClass, flags: Flags, { from }: Provenance): Decision<void> {
  if (hasOtherUse(flags)) return refused('a key that wraps or unwraps must have no other use')
  if (keyClass === 'public-key') return allow(undefined)
  return mayBeDedicated('a key that wraps or unwraps', flags, from)
}

/** Of keys that others are derived from by MACs. */
function mayBeBase(flags: Flags, { from }: Provenance): Decision<void> {
  const what = 'a secret key that derives'
  if (hasOtherUse({ ...flags, derive: false })) return refused(`${what} must have no other use`)
  return mayBeDedicated(what, flags, from)
}

/** A second key of the same value, from outside or from another key, could have another use. */
function mayBeDedicated(what: string, flags: Flags, from: Provenance['from']): Decision<void> {
  if (from !== 'generated') return refused(`${what} must be generated in the HSM`)
  if (flags.sensitive && !flags.extractable) return allow(undefined)
  return refused(`${what} must be sensitive and not extractable`)
}

/** Whether a key in clear would tell the value of one that is protected. A copy is never less sensitive by itself. */
const revealsAnother = (origin: Provenance): boolean =>
  origin.from === 'unwrapped' || (origin.from === 'derived' && origin.base.sensitive)

/** What is not sensitive its owner wants to be able to read. */
const isProtected = (flags: Flags): boolean =>
  !flags.sensitive || !flags.extractable || flags['wrap-with-trusted']

const refused = (rule: string): Refusal =>
  deny('attribute-refused', `Under the policy trusted-wrapping ${rule}`)
