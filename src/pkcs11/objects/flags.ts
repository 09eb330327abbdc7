/** Attributes that are true or false on both sides. */
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
