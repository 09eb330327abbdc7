/** C_WrapKey, C_UnwrapKey and C_DeriveKey (PKCS#11 v2.40 §5.13). */
import type { KeyClass } from '../../contract/attributes.ts'
import { KEY_KINDS, SECRET_KEY_TYPES } from '../../contract/key-kinds.ts'
import { KEY_TYPE_CLASSES, UNWRAPPED_CLASSES } from '../../contract/key-type-classes.ts'
import { LIMITS } from '../../contract/limits.ts'
import { WRAPPING_KEY_TYPE } from '../../contract/mechanisms.ts'
import { type Application, filterOf, signedIn } from '../application.ts'
import { CKA, CKK } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { type Meanings, meaning, refuse } from '../errors.ts'
import { mechanismFor } from '../mechanisms/mechanism.ts'
import type { CallerMechanism } from '../mechanisms/parameters.ts'
import { wrappedLength } from '../mechanisms/wrapped-length.ts'
import { fits, type Output } from '../output.ts'
import { keyTypeOf } from './key-attributes.ts'
import { CLASS_OF, KEY_TYPE_OF, keyTypeClassOf } from './key-types.ts'
import { checkWritable, handleOfKey } from './make.ts'
import { incomingKey } from './new-key.ts'
import { lookAtKey } from './seen.ts'
import { mustBe, needed, numberIn, type Template } from './template.ts'

const WRAPPING: Meanings = {
  'key-function': CKR.KEY_FUNCTION_NOT_PERMITTED,
  'key-type': CKR.WRAPPING_KEY_TYPE_INCONSISTENT,
  'invalid-data': CKR.KEY_SIZE_RANGE,
  'invalid-request': CKR.MECHANISM_PARAM_INVALID,
}

/** `iv`: of AES-GCM, when the HSM made it. */
export type Wrapped = { readonly output: Output; readonly iv?: Buffer | undefined }

/** The length is known beforehand, so the key is wrapped once there is room for it. */
export async function wrapKey(
  application: Application,
  handle: number,
  mechanism: CallerMechanism,
  wrappingKey: number,
  key: number,
  bufferBytes: number,
): Promise<Wrapped> {
  signedIn(application, handle)
  const wrapping = mechanismFor('wrap', mechanism)
  const under = await lookAtKey(application, wrappingKey, CKR.WRAPPING_KEY_HANDLE_INVALID)
  const payload = await lookAtKey(application, key, CKR.KEY_HANDLE_INVALID)
  if (keyTypeOf(under) !== WRAPPING_KEY_TYPE[wrapping.name]) refuse(CKR.WRAPPING_KEY_TYPE_INCONSISTENT)
  const modulus = Math.ceil(Number(under.attributes['modulus-size-bits'] ?? 0) / 8)
  const length = wrappedLength(wrapping, Number(payload.attributes['key-length-bytes']), modulus)
  if (!fits(length, bufferBytes)) return { output: { needed: length } }
  const wrapped = await meaning(WRAPPING, () =>
    application.account.call('key.wrap', {
      'payload-filter': filterOf(payload['key-reference']),
      'wrapping-filter': filterOf(under['key-reference']),
      mechanism: wrapping,
    }),
  )
  const { 'wrapped-key': bytes, iv } = wrapped
  return fits(bytes.length, bufferBytes)
    ? { output: { bytes }, iv: mechanism.takesOutput ? iv : undefined }
    : { output: { needed: bytes.length } }
}

const UNWRAPPING: Meanings = {
  'key-selection': CKR.UNWRAPPING_KEY_HANDLE_INVALID,
  'key-type': CKR.UNWRAPPING_KEY_TYPE_INCONSISTENT,
  'invalid-data': CKR.WRAPPED_KEY_INVALID,
  'invalid-request': CKR.MECHANISM_PARAM_INVALID,
  'too-large': CKR.WRAPPED_KEY_LEN_RANGE,
}

/**
 * C_UnwrapKey.
 *
 * @returns the handle of the new key
 */
export async function unwrapKey(
  application: Application,
  handle: number,
  mechanism: CallerMechanism,
  unwrappingKey: number,
  wrapped: Buffer,
  template: Template,
): Promise<number> {
  const session = signedIn(application, handle)
  const wrapping = mechanismFor('unwrap', mechanism)
  const under = await lookAtKey(application, unwrappingKey, CKR.UNWRAPPING_KEY_HANDLE_INVALID)
  const name = unwrappedClass(template)
  const { keyClass } = KEY_TYPE_CLASSES[name]
  const { templates, ...made } = incomingKey(
    template,
    keyClass,
    keyClass === 'secret-key' ? [CKA.VALUE_LEN] : [],
  )
  const length = keyClass === 'secret-key' ? lengthIn(template) : {}
  checkWritable(session, template)
  const { key } = await meaning(UNWRAPPING, () =>
    application.account.call('key.unwrap', {
      filter: filterOf(under['key-reference']),
      mechanism: wrapping,
      'wrapped-key': wrapped,
      'key-type-class': name,
      ...length,
      ...made,
    }),
  )
  return handleOfKey(application, session, key, templates)
}

/** Of a secret key. Throws CKR_ATTRIBUTE_VALUE_INVALID for what no secret key can have. */
function lengthIn(template: Template): { 'key-length-bytes'?: number } {
  const length = numberIn(template, CKA.VALUE_LEN)
  if (length === undefined) return {}
  const fits = length >= 1 && length <= LIMITS.genericSecretBytes
  return fits ? { 'key-length-bytes': length } : refuse(CKR.ATTRIBUTE_VALUE_INVALID)
}

/** From CKA_CLASS and CKA_KEY_TYPE. */
function unwrappedClass(template: Template): (typeof UNWRAPPED_CLASSES)[number] {
  const objectClass = needed(numberIn(template, CKA.CLASS), CKA.CLASS)
  const type = needed(numberIn(template, CKA.KEY_TYPE), CKA.KEY_TYPE)
  return (
    keyTypeClassOf(UNWRAPPED_CLASSES, objectClass, type) ??
    refuse(CKR.TEMPLATE_INCONSISTENT, 'CKA_CLASS and CKA_KEY_TYPE name no key that can be unwrapped')
  )
}

const DERIVING: Meanings = {
  'key-selection': CKR.KEY_HANDLE_INVALID,
  'invalid-data': CKR.MECHANISM_PARAM_INVALID,
  'invalid-request': CKR.MECHANISM_PARAM_INVALID,
}

const SECRET: KeyClass = 'secret-key'

/** Of a key whose type has one length; undefined for others. */
const lengthOfType = (template: Template): number | undefined =>
  numberIn(template, CKA.KEY_TYPE) === CKK.DES3 ? KEY_KINDS.des3.sizes[0] : undefined

/**
 * C_DeriveKey.
 *
 * @returns the handle of the new key
 */
export async function deriveKey(
  application: Application,
  handle: number,
  mechanism: CallerMechanism,
  baseKey: number,
  template: Template,
): Promise<number> {
  const session = signedIn(application, handle)
  const length = lengthIn(template)
  const derivation = mechanismFor('derive', mechanism, length['key-length-bytes'] ?? lengthOfType(template))
  const base = await lookAtKey(application, baseKey, CKR.KEY_HANDLE_INVALID)
  mustBe(template, CKA.CLASS, CLASS_OF[SECRET])
  const type = needed(numberIn(template, CKA.KEY_TYPE), CKA.KEY_TYPE)
  const keyType =
    SECRET_KEY_TYPES.find((known) => KEY_TYPE_OF[known] === type) ??
    refuse(CKR.TEMPLATE_INCONSISTENT, 'CKA_KEY_TYPE names no key that can be derived')
  const { templates, ...made } = incomingKey(template, SECRET, [CKA.VALUE_LEN])
  checkWritable(session, template)
  const { key } = await meaning(DERIVING, () =>
    application.account.call('key.derive', {
      filter: filterOf(base['key-reference']),
      mechanism: derivation,
      'key-type': keyType,
      ...length,
      ...made,
    }),
  )
  return handleOfKey(application, session, key, templates)
}
