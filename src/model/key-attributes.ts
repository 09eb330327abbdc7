import { FLAG_NAMES, type FlagName, type Flags } from '../contract/attributes.ts'
import { toHex } from './octets.ts'
import type { KeyRecord } from './records.ts'

type Value = string | boolean | number

/** The attributes of a key as they are shown, in the order in which they are printed. */
export function attributesOf(key: KeyRecord): Record<string, Value> {
  const { checkValue, flags, mlDsa, rsa, ec } = key
  return {
    'key-type': key.keyType,
    label: key.label,
    id: key.idAttribute,
    ...(checkValue !== undefined && { 'check-value': checkValue }),
    class: key.keyClass,
    ...(mlDsa ? withAlgorithm(flags, mlDsa.algorithm) : flags),
    'key-length-bytes': key.keyLengthBytes,
    ...(rsa && {
      'public-exponent': rsa.publicExponent,
      modulus: toHex(rsa.modulus),
      'modulus-size-bits': rsa.modulusSizeBits,
    }),
    ...(ec && { 'ec-point': toHex(ec.ecPoint), curve: ec.curve }),
  }
}

/** It is printed among the flags. */
const withAlgorithm = (flags: Flags, algorithm: string): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(flags).flatMap((flag) =>
      flag[0] === 'sensitive' ? [['mldsa-algorithm', algorithm], flag] : [flag],
    ),
  )

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
    modulus: ({ rsa }) => rsa && toHex(rsa.modulus),
    'modulus-size-bits': (key) => key.rsa?.modulusSizeBits,
    'ec-point': ({ ec }) => ec && toHex(ec.ecPoint),
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
