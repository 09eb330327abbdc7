/** C_GenerateKey and C_GenerateKeyPair (PKCS#11 v2.40 §5.13). */

import type { Curve, MlDsaAlgorithm } from '../../contract/algorithms.ts'
import { type KeyKind, SECRET_KEY_TYPES } from '../../contract/key-kinds.ts'
import type { KeyObject } from '../../contract/key-object.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Reply, Request } from '../../contract/operations.ts'
import { type Application, signedIn } from '../application.ts'
import { CKA, CKK, CKO } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { type CallerMechanism, withoutParameter } from '../mechanisms/parameters.ts'
import { TYPES } from '../mechanisms/types.ts'
import { curveOf } from './curves.ts'
import { KEY_TYPE_OF } from './key-types.ts'
import { checkWritable, handleOfKey } from './make.ts'
import { type NewKey, newKey } from './new-key.ts'
import { mlDsaOf } from './parameter-sets.ts'
import { bytesIn, mustBe, needed, numberIn, type Template } from './template.ts'

/** Undefined for mechanisms that do not make keys. */
const madeBy = ({ type }: CallerMechanism): KeyKind | undefined => TYPES.get(type)?.generate

const AES_LENGTHS = [16, 24, 32] as const
type AesLength = (typeof AES_LENGTHS)[number]

/** C_GenerateKey */
export async function generateKey(
  application: Application,
  handle: number,
  mechanism: CallerMechanism,
  template: Template,
): Promise<number> {
  const session = signedIn(application, handle)
  const chosen = madeBy(mechanism)
  const keyType = SECRET_KEY_TYPES.find((kind) => kind === chosen) ?? refuse(CKR.MECHANISM_INVALID)
  withoutParameter(mechanism)
  mustBe(template, CKA.CLASS, CKO.SECRET_KEY)
  mustBe(template, CKA.KEY_TYPE, KEY_TYPE_OF[keyType])
  const length = lengthIn(template, keyType)
  const { templates, ...made } = newKey(template, 'secret-key', [CKA.VALUE_LEN])
  checkWritable(session, template)
  const { key } = await application.account.call('key.generate-symmetric', {
    ...length,
    ...made,
  })
  return handleOfKey(application, session, key, templates)
}

type SecretKind =
  | { readonly 'key-type': 'aes'; readonly 'key-length-bytes': AesLength }
  | { readonly 'key-type': 'des3'; readonly 'key-length-bytes': 24 }
  | { readonly 'key-type': 'generic-secret'; readonly 'key-length-bytes': number }

/** That of a triple DES key goes without saying; some callers say it. */
function lengthIn(template: Template, keyType: SecretKind['key-type']): SecretKind {
  if (keyType === 'des3') {
    mustBe(template, CKA.VALUE_LEN, 24)
    return { 'key-type': keyType, 'key-length-bytes': 24 }
  }
  const length = needed(numberIn(template, CKA.VALUE_LEN), CKA.VALUE_LEN)
  return keyType === 'aes'
    ? { 'key-type': keyType, 'key-length-bytes': aesLength(length) }
    : { 'key-type': keyType, 'key-length-bytes': secretLength(length) }
}

const aesLength = (length: number): AesLength =>
  AES_LENGTHS.find((known) => known === length) ??
  refuse(CKR.KEY_SIZE_RANGE, `CKA_VALUE_LEN of an AES key cannot be ${length}`)

const secretLength = (length: number): number =>
  length >= 1 && length <= LIMITS.genericSecretBytes
    ? length
    : refuse(CKR.KEY_SIZE_RANGE, `CKA_VALUE_LEN cannot be ${length}`)

/** `types`: what CKA_KEY_TYPE can be in the templates. */
type Kind = { readonly types: readonly number[] } & (
  | { readonly keyType: 'rsa'; readonly bits: number; readonly exponent: number }
  | { readonly keyType: 'ec'; readonly curve: Curve }
  | { readonly keyType: 'ml-dsa'; readonly set: number; readonly algorithm: MlDsaAlgorithm }
)

/** Attributes that say what is generated, in the templates of the public and of the private key. */
const PARTS: Readonly<Record<Kind['keyType'], readonly [ofPublic: number[], ofPrivate: number[]]>> = {
  rsa: [[CKA.MODULUS_BITS, CKA.PUBLIC_EXPONENT], []],
  ec: [[CKA.EC_PARAMS], []],
  'ml-dsa': [[CKA.CLOUDHSM_PARAMETER_SET], [CKA.CLOUDHSM_PARAMETER_SET]],
}

/** C_GenerateKeyPair; the handles of the public and of the private key. */
export async function generateKeyPair(
  application: Application,
  handle: number,
  mechanism: CallerMechanism,
  publicTemplate: Template,
  privateTemplate: Template,
): Promise<[publicKey: number, privateKey: number]> {
  const session = signedIn(application, handle)
  const kind = kindOf(mechanism, publicTemplate)
  if (kind.keyType === 'ml-dsa') mustBe(privateTemplate, CKA.CLOUDHSM_PARAMETER_SET, kind.set)
  for (const template of [publicTemplate, privateTemplate]) {
    mustBe(template, CKA.KEY_TYPE, ...kind.types)
    checkWritable(session, template)
  }
  mustBe(publicTemplate, CKA.CLASS, CKO.PUBLIC_KEY)
  mustBe(privateTemplate, CKA.CLASS, CKO.PRIVATE_KEY)
  const [ofPublic, ofPrivate] = PARTS[kind.keyType]
  const publicHalf = newKey(publicTemplate, 'public-key', ofPublic)
  const privateHalf = newKey(privateTemplate, 'private-key', ofPrivate)
  const pair = await application.account.call('key.generate-pair', requestOf(kind, publicHalf, privateHalf))
  return placePair(application, session, pair, [publicHalf, privateHalf])
}

async function placePair(
  application: Application,
  session: ReturnType<typeof signedIn>,
  { public_key: publicKey, private_key: privateKey }: Reply<'key.generate-pair'>,
  [publicHalf, privateHalf]: readonly [NewKey, NewKey],
): Promise<[number, number]> {
  const place = (key: KeyObject, { templates }: NewKey) => handleOfKey(application, session, key, templates)
  return [await place(publicKey, publicHalf), await place(privateKey, privateHalf)]
}

function kindOf(mechanism: CallerMechanism, template: Template): Kind {
  withoutParameter(mechanism)
  switch (madeBy(mechanism)) {
    case 'rsa': {
      const bits = modulusBits(needed(numberIn(template, CKA.MODULUS_BITS), CKA.MODULUS_BITS))
      return { keyType: 'rsa', types: [CKK.RSA], bits, exponent: exponentIn(template) }
    }
    // As with CloudHSM, on Edwards curves, too, which have a mechanism and a type of their own in PKCS#11 v3.0.
    case 'ec': {
      const curve = curveIn(template)
      return { keyType: 'ec', types: curve === 'ed25519' ? [CKK.EC, CKK.EC_EDWARDS] : [CKK.EC], curve }
    }
    case 'edwards': {
      const curve = curveIn(template)
      if (curve !== 'ed25519') refuse(CKR.CURVE_NOT_SUPPORTED)
      return { keyType: 'ec', types: [CKK.EC_EDWARDS], curve }
    }
    case 'ml-dsa':
      return mlDsaIn(template)
    default:
      return refuse(CKR.MECHANISM_INVALID)
  }
}

function mlDsaIn(template: Template): Kind {
  const set = needed(numberIn(template, CKA.CLOUDHSM_PARAMETER_SET), CKA.CLOUDHSM_PARAMETER_SET)
  const algorithm =
    mlDsaOf(set) ?? refuse(CKR.ATTRIBUTE_VALUE_INVALID, 'CKA_CLOUDHSM_PARAMETER_SET names no ML-DSA')
  return { keyType: 'ml-dsa', types: [CKK.ML_DSA], set, algorithm }
}

function modulusBits(bits: number): number {
  const { modulusBitsMin: min, modulusBitsMax: max, modulusBitsStep: every } = LIMITS
  return bits >= min && bits <= max && bits % every === 0
    ? bits
    : refuse(CKR.KEY_SIZE_RANGE, `CKA_MODULUS_BITS cannot be ${bits}`)
}

/** 65537 when it is left out. */
function exponentIn(template: Template): number {
  const bytes = bytesIn(template, CKA.PUBLIC_EXPONENT)
  if (!bytes) return LIMITS.publicExponentMin
  const exponent = Number(`0x0${bytes.toString('hex')}`)
  const { publicExponentMin: min, publicExponentMax: max } = LIMITS
  const good = exponent >= min && exponent <= max && exponent % 2 === 1
  return good ? exponent : refuse(CKR.ATTRIBUTE_VALUE_INVALID, 'CKA_PUBLIC_EXPONENT is even, or out of range')
}

const curveIn = (template: Template): Curve =>
  curveOf(needed(bytesIn(template, CKA.EC_PARAMS), CKA.EC_PARAMS)) ??
  refuse(CKR.CURVE_NOT_SUPPORTED, 'CKA_EC_PARAMS names no curve of the HSM')

/** One half can be a session object and the other a token object. */
function requestOf(kind: Kind, publicHalf: NewKey, privateHalf: NewKey): Request<'key.generate-pair'> {
  const session = publicHalf.session && privateHalf.session
  const attributes = (half: NewKey) =>
    half.session && !session ? { ...half.attributes, token: false } : half.attributes
  const pair = {
    'public-label': publicHalf.label,
    'private-label': privateHalf.label,
    session,
    'public-attributes': attributes(publicHalf),
    'private-attributes': attributes(privateHalf),
  }
  switch (kind.keyType) {
    case 'rsa':
      return { 'key-type': 'rsa', 'modulus-size-bits': kind.bits, 'public-exponent': kind.exponent, ...pair }
    case 'ec':
      return { 'key-type': 'ec', curve: kind.curve, ...pair }
    case 'ml-dsa':
      return { 'key-type': 'ml-dsa', 'mldsa-algorithm': kind.algorithm, ...pair }
  }
}
