import * as v from 'valibot'
import { CURVE_NAMES, type CurveName, ML_DSA_ALGORITHMS } from './algorithms.ts'
import { label, newAttributes } from './attributes.ts'
import { boundedArray } from './bounded.ts'
import { bytes } from './bytes.ts'
import { keyFilter } from './filters.ts'
import { SECRET_KEY_TYPES } from './key-kinds.ts'
import { KEY_TYPE_CLASSES, type KeyTypeClass, UNWRAPPED_CLASSES } from './key-type-classes.ts'
import { LIMITS } from './limits.ts'
import { wrapping } from './mechanisms.ts'
import { username } from './users.ts'

/** Names of the users that a key is to be shared with, at most `LIMITS.shareUsers`. */
export const shareUsers = boundedArray(
  username,
  LIMITS.shareUsers,
  `At most ${LIMITS.shareUsers} users can be named at once`,
)

const session = v.optional(v.boolean(), false)
const attributes = v.optional(newAttributes, {})
const share = v.optional(shareUsers, [])

const symmetric = { label, session, attributes, 'share-crypto-users': share }
const pair = {
  'public-label': label,
  'private-label': label,
  session,
  'public-attributes': attributes,
  'private-attributes': attributes,
  /** Only the private key is shared: public keys are visible to every crypto user. */
  'share-crypto-users': share,
}

/** Keys that are not generated here. */
const incoming = {
  ...symmetric,
  /**
   * Whether the uses that neither `attributes` nor the template of an unwrapping key names are false, as programs of PKCS#11 have it.
   * Otherwise a secret key signs and verifies unless something else is said.
   */
  'only-named-uses': v.optional(v.boolean(), false),
}

const number = (name: string) => v.pipe(v.number(), v.integer(`${name} must be a whole number`))

/** A secret key to make. */
export const newSecretKey = v.variant('key-type', [
  v.strictObject({
    'key-type': v.literal('aes'),
    'key-length-bytes': v.picklist([16, 24, 32], 'key-length-bytes must be 16, 24 or 32'),
    ...symmetric,
  }),
  v.strictObject({
    'key-type': v.literal('des3'),
    'key-length-bytes': v.literal(24, 'key-length-bytes must be 24'),
    ...symmetric,
  }),
  v.strictObject({
    'key-type': v.literal('generic-secret'),
    'key-length-bytes': v.pipe(
      number('key-length-bytes'),
      v.minValue(1, `key-length-bytes must be 1 to ${LIMITS.genericSecretBytes}`),
      v.maxValue(LIMITS.genericSecretBytes, `key-length-bytes must be 1 to ${LIMITS.genericSecretBytes}`),
    ),
    ...symmetric,
  }),
])

const modulusRule = `modulus-size-bits must be ${LIMITS.modulusBitsMin} to ${LIMITS.modulusBitsMax} in steps of ${LIMITS.modulusBitsStep}`
const exponentRule = `public-exponent must be odd, from ${LIMITS.publicExponentMin} to ${LIMITS.publicExponentMax}`

/** A key pair to make. */
export const newKeyPair = v.variant('key-type', [
  v.strictObject({
    'key-type': v.literal('rsa'),
    'modulus-size-bits': v.pipe(
      number('modulus-size-bits'),
      v.minValue(LIMITS.modulusBitsMin, modulusRule),
      v.maxValue(LIMITS.modulusBitsMax, modulusRule),
      v.multipleOf(LIMITS.modulusBitsStep, modulusRule),
    ),
    'public-exponent': v.pipe(
      number('public-exponent'),
      v.minValue(LIMITS.publicExponentMin, exponentRule),
      v.maxValue(LIMITS.publicExponentMax, exponentRule),
      v.check((value) => value % 2 === 1, exponentRule),
    ),
    ...pair,
  }),
  v.strictObject({
    'key-type': v.literal('ec'),
    curve: v.pipe(
      v.picklist(Object.keys(CURVE_NAMES) as [CurveName, ...CurveName[]], 'curve is not supported'),
      v.transform((name) => CURVE_NAMES[name]),
    ),
    ...pair,
  }),
  v.strictObject({
    'key-type': v.literal('ml-dsa'),
    'mldsa-algorithm': v.picklist(ML_DSA_ALGORITHMS, 'mldsa-algorithm is not supported'),
    ...pair,
  }),
])

const secretLength = v.optional(
  v.pipe(number('key-length-bytes'), v.minValue(1), v.maxValue(LIMITS.genericSecretBytes)),
)

/** A key made elsewhere. */
export const importedKey = v.strictObject({
  'key-type-class': v.picklist(Object.keys(KEY_TYPE_CLASSES) as [KeyTypeClass, ...KeyTypeClass[]]),
  /** Public keys: DER SubjectPublicKeyInfo; private keys: PKCS #8 DER; secret keys: raw bytes. */
  material: bytes(LIMITS.materialBytes),
  ...incoming,
})

/** A key that comes encrypted. Its label is given anew. */
export const unwrappedKey = v.strictObject({
  filter: keyFilter('filter'),
  mechanism: wrapping,
  'wrapped-key': bytes(LIMITS.materialBytes),
  'key-type-class': v.picklist(UNWRAPPED_CLASSES),
  /** Of a secret key: one of another length does not unwrap. */
  'key-length-bytes': secretLength,
  ...incoming,
})

/** What is left out is as it is in the original. */
export const copiedKey = v.strictObject({
  filter: keyFilter('filter'),
  label: v.optional(label),
  session,
  attributes,
})

/** A secret key that is derived. */
export const derivedKey = {
  'key-type': v.picklist(SECRET_KEY_TYPES),
  /** Left out: as long as the shared secret of ECDH, if that is a length of the type. */
  'key-length-bytes': secretLength,
  ...incoming,
}
