import * as v from 'valibot'
import { label, newAttributes } from './attributes.ts'
import { LIMITS } from './limits.ts'
import { CURVE_NAMES, type CurveName } from './mechanisms.ts'
import { username } from './users.ts'

export const shareUsers = v.pipe(
  v.array(username),
  v.maxLength(LIMITS.shareUsers, `At most ${LIMITS.shareUsers} users can be named at once`),
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

const number = (name: string) => v.pipe(v.number(), v.integer(`${name} must be a whole number`))

/** A secret key to make. */
export const newSecretKey = v.variant('key-type', [
  v.strictObject({
    'key-type': v.literal('aes'),
    'key-length-bytes': v.picklist([16, 24, 32], 'key-length-bytes must be 16, 24 or 32'),
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
])
