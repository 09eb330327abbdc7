/** Attributes that are true or false on both sides, and what a new key may be used for when its template does not say. */
import type { FlagName, KeyClass, KeyType } from '../../contract/attributes.ts'
import { CKA } from '../cryptoki/objects.ts'

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
export type Use = (typeof USES)[number]

/**
 * Uses of a new key whose template asks for none. PKCS#11 leaves them to the token, and some applications never set
 * them (Java). Wrapping and unwrapping are never among them: a key that decrypts and wraps gives other keys away.
 */
export const DEFAULT_USES: Readonly<Record<KeyClass, Readonly<Partial<Record<KeyType, readonly Use[]>>>>> = {
  'secret-key': {
    aes: ['encrypt', 'decrypt', 'sign', 'verify'],
    des3: ['encrypt', 'decrypt'],
    'generic-secret': ['sign', 'verify'],
  },
  'public-key': { rsa: ['encrypt', 'verify'], ec: ['verify'] },
  'private-key': { rsa: ['decrypt', 'sign'], ec: ['sign', 'derive'] },
}

/**
 * The uses of a new key: those that its template asks for and no others; when it asks for none, the defaults less those
 * it forbids.
 */
export function usesOf(
  keyClass: KeyClass,
  keyType: KeyType,
  given: Readonly<Partial<Record<FlagName, boolean>>>,
): Readonly<Record<Use, boolean>> {
  const asked = USES.some((use) => given[use])
  const defaults = DEFAULT_USES[keyClass][keyType] ?? []
  const uses = USES.map((use) => [use, given[use] ?? (!asked && defaults.includes(use))])
  return Object.fromEntries(uses) as Record<Use, boolean>
}
