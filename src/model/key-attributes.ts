import { FLAG_NAMES, type FlagName } from '../contract/attributes.ts'
import type { KeyRecord } from './records.ts'

type Value = string | boolean | number

/** The attributes of a key as they are shown, in the order in which they are printed. */
export function attributesOf(key: KeyRecord): Record<string, Value> {
  const shown: Record<string, Value> = { 'key-type': key.keyType, label: key.label, id: key.idAttribute }
  if (key.checkValue !== undefined) shown['check-value'] = key.checkValue
  shown['class'] = key.keyClass
  for (const name of FLAG_NAMES) {
    if (name === 'sensitive' && key.mlDsa) shown['mldsa-algorithm'] = key.mlDsa.algorithm
    shown[name] = key.flags[name]
  }
  shown['key-length-bytes'] = key.keyLengthBytes
  if (key.rsa) {
    shown['public-exponent'] = key.rsa.publicExponent
    shown['modulus'] = key.rsa.modulus
    shown['modulus-size-bits'] = key.rsa.modulusSizeBits
  }
  if (key.ec) {
    shown['ec-point'] = key.ec.ecPoint
    shown['curve'] = key.ec.curve
  }
  return shown
}

const READ: Readonly<Record<string, (key: KeyRecord) => Value | undefined>> = Object.assign(
  Object.create(null),
  {
    'key-reference': (key) => key.id,
    'key-type': (key) => key.keyType,
    label: (key) => key.label,
    id: (key) => key.idAttribute,
    'check-value': (key) => key.checkValue,
    class: (key) => key.keyClass,
    'key-length-bytes': (key) => key.keyLengthBytes,
    'public-exponent': (key) => key.rsa?.publicExponent,
    modulus: (key) => key.rsa?.modulus,
    'modulus-size-bits': (key) => key.rsa?.modulusSizeBits,
    'ec-point': (key) => key.ec?.ecPoint,
    curve: (key) => key.ec?.curve,
    'mldsa-algorithm': (key) => key.mlDsa?.algorithm,
    subject: (key) => key.subject,
  } satisfies Record<string, (key: KeyRecord) => Value | undefined>,
)

/** One attribute, or the key reference, of a key; undefined when the key has no such attribute. */
export function attributeOf(key: KeyRecord, name: string): Value | undefined {
  return isFlag(name) ? key.flags[name] : READ[name]?.(key)
}

const FLAGS: ReadonlySet<string> = new Set(FLAG_NAMES)
const isFlag = (name: string): name is FlagName => FLAGS.has(name)
