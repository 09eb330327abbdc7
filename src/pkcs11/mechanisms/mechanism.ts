/** From a mechanism as the caller gave it to one of the HSM. */
import { MADE_IV_BYTES } from '../../contract/mechanism-parameters.ts'
import type { Cipher, Derivation, Mechanism, Use, Wrapping } from '../../contract/mechanisms.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { counterKdfOf } from './counter-kdf.ts'
import { edDsaOf } from './eddsa.ts'
import { membersOf } from './members.ts'
import { type CallerMechanism, parameterOf, withoutParameter } from './parameters.ts'
import { TYPES, USES } from './types.ts'

type Meaning = {
  readonly sign: Mechanism
  readonly encrypt: Cipher
  readonly wrap: Wrapping
  readonly derive: Derivation
}
type MeaningOf<U extends Use> = Meaning[(typeof USES)[U]['by']]

/**
 * @param keyBytes of the key that is derived, where its template says so
 * Throws CKR_MECHANISM_INVALID or _PARAM_INVALID, and CKR_TEMPLATE_INCOMPLETE without a length that is needed.
 */
export function mechanismFor<U extends Use>(use: U, given: CallerMechanism, keyBytes?: number): MeaningOf<U> {
  const type = TYPES.get(given.type)
  const fixed = type?.[USES[use].by]
  if (!type || !fixed) return refuse(CKR.MECHANISM_INVALID)
  if (!type.parameter) {
    withoutParameter(given)
    return fixed as MeaningOf<U>
  }
  if (type.parameter === 'eddsa') return edDsaOf(given) as MeaningOf<U>
  if (type.parameter === 'counter-kdf') return counterKdfOf(given, keyBytes) as MeaningOf<U>
  const hsmMakesIv = type.parameter === 'gcm' && (use === 'encrypt' || use === 'wrap') && isMadeByHsm(given)
  const members: object = membersOf(type.parameter, given)
  if (hsmMakesIv) return { ...members, ...fixed, iv: undefined } as unknown as MeaningOf<U>
  const meant: object = { ...members, ...fixed }
  // A type with a hash function has it in its parameter again (PKCS#11 v2.40 mechanisms §2.1.10).
  for (const [name, value] of Object.entries(members)) {
    if (meant[name as keyof typeof meant] !== value) refuse(CKR.MECHANISM_PARAM_INVALID)
  }
  return meant as MeaningOf<U>
}

/**
 * Whether the HSM makes the IV of AES-GCM. Programs written for CloudHSM pass zeros, for its HSM to write the IV there. Our
 * own module gives it back, and takes no other: a program that goes on with what was written would encrypt twice with one
 * IV. p11-kit cannot give one back, so there the IV is the caller's. Zeros used as they are would give every message of a
 * key the same key stream.
 * Throws CKR_MECHANISM_PARAM_INVALID.
 */
function isMadeByHsm(given: CallerMechanism): boolean {
  const { iv } = parameterOf(given, 'gcm')
  const isZero = iv.every((byte) => byte === 0)
  if (given.takesOutput) {
    if (iv.length === MADE_IV_BYTES && isZero) return true
    return refuse(CKR.MECHANISM_PARAM_INVALID, 'Iv invalid. Reason: Expect IV to be all 0, and 12 bytes')
  }
  if (iv.length === 0 || !isZero) return false
  return refuse(
    CKR.MECHANISM_PARAM_INVALID,
    'The IV of AES-GCM is all zeros: p11-kit cannot return one that the HSM makes, so the program must make its own',
  )
}
