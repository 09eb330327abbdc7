/** CKA_CLASS and CKA_KEY_TYPE in the words of the HSM, and back. */
import type { KeyClass } from '../../contract/attributes.ts'
import type { KeyKind } from '../../contract/key-kinds.ts'
import { KEY_TYPE_CLASSES, type KeyTypeClass } from '../../contract/key-type-classes.ts'
import { CKK, CKO } from '../cryptoki/objects.ts'

/** Classes of keys by their CKA_CLASS. */
export const CLASS_OF: Readonly<Record<KeyClass, number>> = {
  'secret-key': CKO.SECRET_KEY,
  'public-key': CKO.PUBLIC_KEY,
  'private-key': CKO.PRIVATE_KEY,
}

/** Kinds of keys by their CKA_KEY_TYPE. */
export const KEY_TYPE_OF: Readonly<Record<KeyKind, number>> = {
  aes: CKK.AES,
  'generic-secret': CKK.GENERIC_SECRET,
  des3: CKK.DES3,
  rsa: CKK.RSA,
  ec: CKK.EC,
  edwards: CKK.EC_EDWARDS,
  'ml-dsa': CKK.ML_DSA,
}

/** Undefined for what is no CKA_KEY_TYPE of the HSM's. */
export const kindOfType = (type: unknown): KeyKind | undefined =>
  (Object.keys(KEY_TYPE_OF) as KeyKind[]).find((kind) => KEY_TYPE_OF[kind] === type)

/** The term of a filter that finds all keys of the kind. That of `ec` finds those on Edwards curves too. */
export const termOf = (kind: KeyKind): string =>
  kind === 'edwards' ? 'attr.curve=ed25519' : `attr.key-type=${kind}`

/** Which of the names has this CKA_CLASS and CKA_KEY_TYPE; undefined when none has. */
export const keyTypeClassOf = <N extends KeyTypeClass>(
  names: readonly N[],
  objectClass: number,
  type: number,
): N | undefined =>
  names.find((name) => {
    const { keyClass, keyType } = KEY_TYPE_CLASSES[name]
    return CLASS_OF[keyClass] === objectClass && KEY_TYPE_OF[keyType] === type
  })
