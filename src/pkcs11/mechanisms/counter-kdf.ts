/**
 * The parameter of CKM_SP800_108_COUNTER_KDF, as PKCS#11 v3.0 (mechanisms §2.42) and CloudHSM have it: parts that stand one
 * behind the other, of which one is the counter.
 */
import { HASHES, type Hash } from '../../contract/algorithms.ts'
import type { Derivation } from '../../contract/mechanisms.ts'
import { CKA } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { needed } from '../objects/template.ts'
import { type CallerMechanism, type Parameters, parameterOf } from './parameters.ts'
import { TYPES } from './types.ts'

type CounterKdf = Extract<Derivation, { name: 'counter-kdf' }>
type Part = Parameters['counter-kdf']['parts'][number]
type Kind = 'counter' | 'label' | 'context' | 'length' | 'bytes'

/** CK_PRF_DATA_TYPE. The optional counter is none of counter mode, and no key is a part. */
const STANDARD: ReadonlyMap<number, Kind> = new Map([
  [1, 'counter'],
  [3, 'length'],
  [4, 'bytes'],
])
/** SP800_108_COUNTER_FORMAT and so on, of CloudHSM's header. */
const CLOUDHSM: ReadonlyMap<number, Kind> = new Map([
  [4, 'counter'],
  [5, 'label'],
  [6, 'context'],
  [7, 'length'],
  [8, 'bytes'],
])
const STANDARD_COUNTER = 1

/** NIST SP 800-108 §4: between the label and what follows. */
const SEPARATOR = Buffer.alloc(1)

/**
 * @param keyBytes of the key that is derived
 * Throws CKR_MECHANISM_PARAM_INVALID, and CKR_TEMPLATE_INCOMPLETE when the length of the key is not known.
 */
export function counterKdfOf(given: CallerMechanism, keyBytes: number | undefined): CounterKdf {
  const { prf: type, parts, furtherKeys } = parameterOf(given, 'counter-kdf')
  if (furtherKeys !== 0) refuse(CKR.MECHANISM_PARAM_INVALID, 'Only one key is derived at a time')
  const prf = prfOf(type)
  const bytes = needed(keyBytes, CKA.VALUE_LEN)
  // Both have the type 4: what says that there is a counter tells whose numbers these are.
  const kinds = parts.some((part) => part.type === STANDARD_COUNTER) ? STANDARD : CLOUDHSM
  const named = parts.map((part) => ({ ...part, kind: kinds.get(part.type) ?? unknownPart(part) }))
  for (const kind of ['counter', 'label', 'context', 'length'] as const) {
    if (named.filter((part) => part.kind === kind).length > 1)
      refuse(CKR.MECHANISM_PARAM_INVALID, `There is more than one ${kind}`)
  }
  const at = named.findIndex(({ kind }) => kind === 'counter')
  const counter = named[at] ?? refuse(CKR.MECHANISM_PARAM_INVALID, 'There is no counter')
  const input = (some: typeof named) =>
    Buffer.concat(some.flatMap(({ kind, value }) => inputOf(kind, value, prf, bytes)))
  return {
    name: 'counter-kdf',
    prf,
    'counter-bits': counterBits(counter.value),
    'before-counter': input(named.slice(0, at)),
    'after-counter': input(named.slice(at + 1)),
  }
}

const unknownPart = ({ type }: Part): never =>
  refuse(CKR.MECHANISM_PARAM_INVALID, `There is no data parameter of type ${type}`)

/** CKM_SHA256_HMAC and so on, or CKM_AES_CMAC. */
function prfOf(type: number): CounterKdf['prf'] {
  const { parameter, sign } = TYPES.get(type) ?? {}
  if (!parameter && sign?.name === 'aes-cmac') return 'aes-cmac'
  if (!parameter && sign?.name === 'hmac' && 'hash' in sign) return `hmac-${sign.hash as Hash}`
  return refuse(CKR.MECHANISM_PARAM_INVALID, 'The PRF is neither HMAC nor AES-CMAC')
}

function inputOf(kind: Kind, value: Buffer, prf: CounterKdf['prf'], keyBytes: number): readonly Buffer[] {
  switch (kind) {
    case 'label':
      return [value, SEPARATOR]
    case 'length':
      return [lengthOf(value, prf, keyBytes)]
    default:
      return [value]
  }
}

/** CK_SP800_108_COUNTER_FORMAT: the width, and in the standard's before it whether it is little-endian. */
function counterBits(format: Buffer): CounterKdf['counter-bits'] {
  const width = readFormat(format, 1).at(-1)
  const widths = [8, 16, 24, 32] as const
  return widths.find((known) => known === width) ?? refuse(CKR.MECHANISM_PARAM_INVALID)
}

const AES_BLOCK_BYTES = 16
const SUM_OF_KEYS = 1
const SUM_OF_SEGMENTS = 2
const LONGEST_LENGTH_BITS = 64

/** CK_SP800_108_DKM_LENGTH_FORMAT: bits of the key, or of all blocks that it is made of, big-endian in so many bits. */
function lengthOf(format: Buffer, prf: CounterKdf['prf'], keyBytes: number): Buffer {
  const [method, width = 0] = readFormat(format, 2)
  if (width < 8 || width > LONGEST_LENGTH_BITS || width % 8 !== 0) refuse(CKR.MECHANISM_PARAM_INVALID)
  if (method !== SUM_OF_KEYS && method !== SUM_OF_SEGMENTS) refuse(CKR.MECHANISM_PARAM_INVALID)
  const block = prf === 'aes-cmac' ? AES_BLOCK_BYTES : HASHES[prf.slice('hmac-'.length) as Hash].bytes
  const bytes = method === SUM_OF_KEYS ? keyBytes : Math.ceil(keyBytes / block) * block
  const bits = bytes * 8
  if (bits >= 2 ** width) refuse(CKR.MECHANISM_PARAM_INVALID, `${bits} does not fit into ${width} bits`)
  const length = Buffer.alloc(LONGEST_LENGTH_BITS / 8)
  length.writeBigUInt64BE(BigInt(bits))
  return length.subarray(-width / 8)
}

const NUMBER_BYTES = 8

/**
 * Numbers as they lie in the program's memory, on every machine that there are programs for. The standard's structures have a
 * CK_BBOOL before the last of them, for which there is room like that of a number.
 *
 * @param count of the numbers, without it
 */
function readFormat(format: Buffer, count: number): readonly number[] {
  const extra = format.length / NUMBER_BYTES - count
  if (extra !== 0 && extra !== 1) refuse(CKR.MECHANISM_PARAM_INVALID)
  const isLittleEndian = extra === 1 && format[(count - 1) * NUMBER_BYTES] !== 0
  if (isLittleEndian) refuse(CKR.MECHANISM_PARAM_INVALID, 'Numbers can only be big-endian')
  return Array.from({ length: count }, (_, index) => {
    const at = index === count - 1 ? index + extra : index
    return Number(format.readBigUInt64LE(at * NUMBER_BYTES))
  })
}
