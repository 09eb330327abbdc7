/** What PKCS#11 shows of a key (v2.40 §4.7 to §4.9), from what the HSM shows of it. */

import type { Curve, MlDsaAlgorithm } from '../../contract/algorithms.ts'
import type { FlagName, KeyClass, KeyType } from '../../contract/attributes.ts'
import { type KeyKind, kindOf } from '../../contract/key-kinds.ts'
import type { KeyObject } from '../../contract/key-object.ts'
import { CKA } from '../cryptoki/objects.ts'
import { UNAVAILABLE } from '../cryptoki/unavailable.ts'
import { TYPES } from '../mechanisms/types.ts'
import { ecParams } from './curves.ts'
import { publicKeyInfo } from './encodings.ts'
import { CLASS_OF, KEY_TYPE_OF } from './key-types.ts'
import { parameterSet } from './parameter-sets.ts'
import type { Value } from './value.ts'

type Getter = (key: KeyObject) => Value | undefined
type Getters = Readonly<Record<number, Getter>>

/** How the HSM makes keys of a kind. */
const GENERATED_BY: ReadonlyMap<KeyKind, number> = new Map(
  // The first of several is to count.
  [...TYPES.values()].reverse().flatMap(({ generate, value }) => (generate ? [[generate, value]] : [])),
)

/** The attribute `class`, which every key has. */
export const keyClassOf = (key: KeyObject): KeyClass => key.attributes['class'] as KeyClass
/** The attribute `key-type`, which every key has. */
export const keyTypeOf = (key: KeyObject): KeyType => key.attributes['key-type'] as KeyType
const curveOf = (key: KeyObject): Curve | undefined => key.attributes['curve'] as Curve | undefined

const flag =
  (name: FlagName): Getter =>
  ({ attributes }) =>
    attributes[name] === true

const bytes =
  (name: string): Getter =>
  ({ attributes }) => {
    const value = attributes[name]
    return typeof value === 'string' ? Buffer.from(value.slice(2), 'hex') : undefined
  }

const count =
  (name: string): Getter =>
  ({ attributes }) => {
    const value = attributes[name]
    return typeof value === 'number' ? value : undefined
  }

const always =
  (value: Value): Getter =>
  () =>
    value

const EMPTY = always(Buffer.alloc(0))
const NO = always(false)

const kind = (key: KeyObject): KeyKind => kindOf(keyTypeOf(key), curveOf(key))
const keyType: Getter = (key) => KEY_TYPE_OF[kind(key)]

const generatedBy: Getter = (key) => {
  if (key.attributes['local'] !== true) return UNAVAILABLE
  return GENERATED_BY.get(kind(key)) ?? UNAVAILABLE
}

const COMMON: Getters = {
  [CKA.CLASS]: (key) => CLASS_OF[keyClassOf(key)],
  [CKA.TOKEN]: flag('token'),
  [CKA.PRIVATE]: flag('private'),
  [CKA.MODIFIABLE]: flag('modifiable'),
  [CKA.DESTROYABLE]: flag('destroyable'),
  [CKA.COPYABLE]: always(true),
  [CKA.LABEL]: ({ attributes }) => Buffer.from(String(attributes['label'])),
  [CKA.UNIQUE_ID]: (key) => Buffer.from(key['key-reference']),
  [CKA.KEY_TYPE]: keyType,
  [CKA.ID]: bytes('id'),
  [CKA.START_DATE]: EMPTY,
  [CKA.END_DATE]: EMPTY,
  [CKA.DERIVE]: flag('derive'),
  [CKA.LOCAL]: flag('local'),
  [CKA.KEY_GEN_MECHANISM]: generatedBy,
  [CKA.CHECK_VALUE]: bytes('check-value'),
}

const SECRECY: Getters = {
  [CKA.SENSITIVE]: flag('sensitive'),
  [CKA.ALWAYS_SENSITIVE]: flag('always-sensitive'),
  [CKA.EXTRACTABLE]: flag('extractable'),
  [CKA.NEVER_EXTRACTABLE]: flag('never-extractable'),
  [CKA.WRAP_WITH_TRUSTED]: flag('wrap-with-trusted'),
}

const HALF: Getters = {
  [CKA.SUBJECT]: (key) => bytes('subject')(key) ?? Buffer.alloc(0),
  [CKA.MODULUS]: bytes('modulus'),
  [CKA.MODULUS_BITS]: count('modulus-size-bits'),
  [CKA.PUBLIC_EXPONENT]: bytes('public-exponent'),
  [CKA.EC_PARAMS]: (key) => {
    const curve = curveOf(key)
    return curve && ecParams(curve)
  },
  [CKA.EC_POINT]: bytes('ec-point'),
  [CKA.CLOUDHSM_PARAMETER_SET]: ({ attributes }) => {
    const algorithm = attributes['mldsa-algorithm'] as MlDsaAlgorithm | undefined
    return algorithm && parameterSet(algorithm)
  },
  [CKA.PUBLIC_KEY_INFO]: ({ attributes }) =>
    publicKeyInfo({
      modulus: attributes['modulus'],
      publicExponent: attributes['public-exponent'],
      curve: attributes['curve'] as Curve | undefined,
      ecPoint: attributes['ec-point'],
    }),
}

const BY_CLASS: Readonly<Record<KeyClass, Getters>> = {
  'secret-key': {
    ...COMMON,
    ...SECRECY,
    [CKA.ENCRYPT]: flag('encrypt'),
    [CKA.DECRYPT]: flag('decrypt'),
    [CKA.SIGN]: flag('sign'),
    [CKA.VERIFY]: flag('verify'),
    [CKA.WRAP]: flag('wrap'),
    [CKA.UNWRAP]: flag('unwrap'),
    [CKA.TRUSTED]: flag('trusted'),
    [CKA.VALUE_LEN]: count('key-length-bytes'),
  },
  'public-key': {
    ...COMMON,
    ...HALF,
    [CKA.ENCRYPT]: flag('encrypt'),
    [CKA.VERIFY]: flag('verify'),
    [CKA.VERIFY_RECOVER]: NO,
    [CKA.WRAP]: flag('wrap'),
    [CKA.TRUSTED]: flag('trusted'),
  },
  'private-key': {
    ...COMMON,
    ...SECRECY,
    ...HALF,
    [CKA.DECRYPT]: flag('decrypt'),
    [CKA.SIGN]: flag('sign'),
    [CKA.SIGN_RECOVER]: NO,
    [CKA.UNWRAP]: flag('unwrap'),
    [CKA.ALWAYS_AUTHENTICATE]: NO,
  },
}

/** Undefined for what this key does not have, and for its secret parts (`secretParts`). */
export const keyAttribute = (key: KeyObject, type: number): Value | undefined =>
  BY_CLASS[keyClassOf(key)][type]?.(key)

/** Whether keys of a class have an attribute, secret parts apart. */
export const classHas = (keyClass: KeyClass, type: number): boolean => BY_CLASS[keyClass][type] !== undefined

const PRIVATE_PARTS: Readonly<Partial<Record<KeyType, readonly number[]>>> = {
  rsa: [CKA.PRIVATE_EXPONENT, CKA.PRIME_1, CKA.PRIME_2, CKA.EXPONENT_1, CKA.EXPONENT_2, CKA.COEFFICIENT],
  ec: [CKA.VALUE],
  'ml-dsa': [CKA.VALUE],
}

/** Whether an attribute is part of what makes the key secret. Of private keys nobody is ever shown these. */
export function isSecretPart(key: KeyObject, type: number): boolean {
  const keyClass = keyClassOf(key)
  if (keyClass === 'secret-key') return type === CKA.VALUE
  return keyClass === 'private-key' && (PRIVATE_PARTS[keyTypeOf(key)] ?? []).includes(type)
}
