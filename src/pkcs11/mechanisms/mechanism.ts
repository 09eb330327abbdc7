/** From a mechanism as the caller gave it to one of the HSM. */
import type { Cipher, Derivation, Mechanism, Use, Wrapping } from '../../contract/mechanisms.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
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

/** Throws CKR_MECHANISM_INVALID or _PARAM_INVALID. */
export function mechanismFor<U extends Use>(use: U, given: CallerMechanism): MeaningOf<U> {
  const type = TYPES.get(given.type)
  const fixed = type?.[USES[use].by]
  if (!type || !fixed) return refuse(CKR.MECHANISM_INVALID)
  if (!type.parameter) {
    withoutParameter(given)
    return fixed as MeaningOf<U>
  }
  if (type.parameter === 'gcm' && (use === 'encrypt' || use === 'wrap')) checkOwnIv(given)
  const members: object = membersOf(type.parameter, given)
  const meant: object = { ...members, ...fixed }
  // A type with a hash function has it in its parameter again (PKCS#11 v2.40 mechanisms §2.1.10).
  for (const [name, value] of Object.entries(members)) {
    if (meant[name as keyof typeof meant] !== value) refuse(CKR.MECHANISM_PARAM_INVALID)
  }
  return meant as MeaningOf<U>
}

/**
 * GCM takes the caller's IV, since the protocol has no way to give one back. Programs written for CloudHSM pass zeros,
 * for its HSM to write the IV there: used as it is, every message of a key would have the same key stream.
 * Throws CKR_MECHANISM_PARAM_INVALID.
 */
function checkOwnIv(given: CallerMechanism): void {
  const { iv } = parameterOf(given, 'gcm')
  if (iv.length === 0 || iv.some((byte) => byte !== 0)) return
  refuse(
    CKR.MECHANISM_PARAM_INVALID,
    'The IV of AES-GCM is all zeros: p11-kit cannot return one that the HSM makes, so the program must make its own',
  )
}
