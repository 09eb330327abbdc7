/** Attributes that are true or false on both sides, and what a new key may be used for when its template does not say. */
import type { FlagName } from '../../contract/attributes.ts'
import { CKA } from '../cryptoki/objects.ts'

/** Each CKA_… that the HSM has as a flag, by the HSM's name for it. */
export const FLAG_ATTRIBUTES: Readonly<Record<number, FlagName>> = {
  [CKA.TOKEN]: 'token',
  [CKA.PRIVATE]: 'private',
  [CKA.TRUSTED]: 'trusted',
  [CKA.SENSITIVE]: 'sensitive',
  [CKA.ENCRYPT]: 'encrypt',
  [CKA.DECRYPT]: 'decrypt',
  [CKA.WRAP]: 'wrap',
  [CKA.UNWRAP]: 'unwrap',
  [CKA.SIGN]: 'sign',
  [CKA.VERIFY]: 'verify',
  [CKA.DERIVE]: 'derive',
  [CKA.EXTRACTABLE]: 'extractable',
  [CKA.MODIFIABLE]: 'modifiable',
  [CKA.DESTROYABLE]: 'destroyable',
  [CKA.WRAP_WITH_TRUSTED]: 'wrap-with-trusted',
}

/** Undefined for an attribute that is no flag, and for one that only the HSM sets. */
export const flagName = (type: number): FlagName | undefined => FLAG_ATTRIBUTES[type]

const USES = ['encrypt', 'decrypt', 'sign', 'verify', 'wrap', 'unwrap', 'derive'] as const
type Flags = Readonly<Partial<Record<FlagName, boolean>>>

/**
 * The flags of a key that is not generated here: it has the uses that its template names. Those of generated keys are
 * left to the HSM: secret ones sign and verify unless something else is said, pairs have no use (as with CloudHSM).
 */
export const onlyNamedUses = (given: Flags): Flags => ({
  ...Object.fromEntries(USES.map((use) => [use, false])),
  ...given,
})
