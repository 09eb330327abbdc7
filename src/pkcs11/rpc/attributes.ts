/** Attributes on the wire: every type has a kind, and the kind says how its value is written. */
import { BOUNDS } from '../bounds.ts'
import { UNAVAILABLE } from '../cryptoki/unavailable.ts'
import type { Template } from '../objects/template.ts'
import type { Value } from '../objects/value.ts'
import { malformed } from './malformed.ts'
import {
  readByte,
  readByteArray,
  readBytes,
  readCount,
  readMany,
  readU32,
  readU64,
  remaining,
  type WireReader,
} from './wire-reader.ts'
import { type WireWriter, writeByte, writeByteArray, writeU32, writeU64 } from './wire-writer.ts'

type Kind =
  | 'boolean'
  | 'boolean in bytes'
  | 'number'
  | 'number in bytes'
  | 'template'
  | 'mechanisms'
  | 'bytes'

/** Whatever is not here is bytes as the program has them in its memory. */
const KINDS: ReadonlyMap<number, Kind> = new Map([
  ...kind(
    'boolean',
    [
      0x001, 0x002, 0x086, 0x103, 0x104, 0x105, 0x106, 0x107, 0x108, 0x109, 0x10a, 0x10b, 0x10c, 0x162, 0x163,
      0x164, 0x165, 0x170, 0x171, 0x200, 0x202, 0x210, 0x301, 0x302, 0x405,
    ],
  ),
  // CKA_DESTROYABLE, which no client library knows (p11-kit 0.24 to 0.26): bytes, of which there is one.
  ...kind('boolean in bytes', [0x172]),
  // CKA_CLOUDHSM_PARAMETER_SET, which only we know: as it lies in the program's memory.
  ...kind('number in bytes', [0x8000_5301]),
  ...kind(
    'number',
    [
      0x000, 0x080, 0x087, 0x088, 0x100, 0x121, 0x133, 0x134, 0x160, 0x161, 0x166, 0x201, 0x300, 0x400, 0x401,
      0x402, 0x403, 0x404, 0x406, 0x500,
    ],
  ),
  ...kind('template', [0x4000_0211, 0x4000_0212]),
  ...kind('mechanisms', [0x4000_0600]),
])

/** Clients that offer version 1 or more, and our own, know more types: derive templates, and some of one vendor's. */
export const ATTRIBUTE_KINDS: ReadonlyMap<number, Kind> = new Map([
  ...KINDS,
  ...kind('template', [0x4000_0213]),
  ...kind(
    'boolean',
    [0x8001_0001, 0x8001_0002, 0x8001_0003, 0x8001_0004, 0x8001_0008, 0x8001_000c, 0x8001_000d],
  ),
  ...kind('number', [0x8001_0005, 0x8001_000a, 0x800d_0001, 0x800d_0009, 0x800d_0101]),
])

function kind(name: Kind, types: readonly number[]): [number, Kind][] {
  return types.map((type) => [type, name])
}

const kindOf = ({ offered }: WireReader, type: number): Kind =>
  (offered >= 1 ? ATTRIBUTE_KINDS : KINDS).get(type) ?? 'bytes'

/** Bytes of CK_BBOOL, CK_ULONG and CK_ATTRIBUTE in the program's memory (64-bit systems). */
const BOOLEAN_BYTES = 1
const NUMBER_BYTES = 8
const ATTRIBUTE_BYTES = 24

/** Type and validity: nothing follows when there is no value. */
const LEAST_BYTES = 5
const MAX_DEPTH = 4

/** CK_ATTRIBUTE as the wire has it. */
export type Attribute = {
  readonly type: number
  /** Null: the program has no value there, or one whose length cannot be that of the type. */
  readonly value: Value | Template | null
}

/** `aA` */
export function readAttributes(from: WireReader, depth = 0): Attribute[] {
  if (depth > MAX_DEPTH) malformed('templates within templates')
  if (remaining(from) > BOUNDS.attributesBytes) malformed('attributes too long')
  const count = readCount(from, LEAST_BYTES)
  if (count > BOUNDS.attributes) malformed('too many attributes')
  return readMany(count, () => readAttribute(from, depth))
}

function readAttribute(from: WireReader, depth: number): Attribute {
  const type = readU32(from)
  if (readByte(from) === 0) return { type, value: null }
  const length = readU32(from)
  return { type, value: readValue(from, kindOf(from, type), length, depth) }
}

function readValue(from: WireReader, of: Kind, length: number, depth: number): Attribute['value'] {
  switch (of) {
    case 'boolean': {
      const value = readByte(from) !== 0
      return length === BOOLEAN_BYTES ? value : null
    }
    case 'boolean in bytes': {
      const bytes = readByteArray(from)
      return bytes?.length === BOOLEAN_BYTES ? bytes.readUInt8() !== 0 : null
    }
    case 'number': {
      const value = readU64(from)
      return length === NUMBER_BYTES ? value : null
    }
    case 'number in bytes': {
      const bytes = readByteArray(from)
      return bytes?.length === NUMBER_BYTES ? readNumber(bytes) : null
    }
    case 'template':
      return templateOf(readAttributes(from, depth + 1))
    // Nothing of ours has a list of mechanisms, and none is ever looked into.
    case 'mechanisms':
      return readBytes(from, readCount(from, NUMBER_BYTES) * NUMBER_BYTES)
    case 'bytes':
      return readByteArray(from) ?? Buffer.alloc(0)
  }
}

/** Little-endian, as on every machine that there are programs for. */
function readNumber(bytes: Buffer): number {
  const value = Number(bytes.readBigUInt64LE())
  return Number.isSafeInteger(value) ? value : UNAVAILABLE
}

function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

/** Null when an attribute is there twice, or has no value. */
export function templateOf(attributes: readonly Attribute[]): Template | null {
  const template = new Map<number, Value | Template>()
  for (const { type, value } of attributes) {
    if (value === null || template.has(type)) return null
    template.set(type, value)
  }
  return template
}

/** An attribute that the program asks for. */
export type Wanted = {
  readonly type: number
  /** Bytes of the program's buffer; 0: it asks for the length. */
  readonly bufferBytes: number
}

/**
 * `fA`, the last thing in a request. Some clients say after the room for a template how much there is for the members;
 * only what follows tells whether they did.
 */
export function readWanted(from: WireReader): Wanted[] {
  if (remaining(from) > BOUNDS.attributesBytes) malformed('attributes too long')
  const start = from.at
  for (const nested of [false, true]) {
    from.at = start
    const wanted = tryWanted(from, nested)
    if (wanted && remaining(from) === 0) return wanted
  }
  return malformed('attributes asked for')
}

function tryWanted(from: WireReader, nested: boolean, depth = 0): Wanted[] | undefined {
  if (depth > MAX_DEPTH || remaining(from) < 4) return undefined
  const count = readU32(from)
  if (count > BOUNDS.attributes) return undefined
  const wanted: Wanted[] = []
  while (wanted.length < count) {
    if (remaining(from) < 8) return undefined
    const type = readU32(from)
    wanted.push({ type, bufferBytes: readU32(from) })
    if (nested && kindOf(from, type) === 'template' && !tryWanted(from, nested, depth + 1)) return undefined
  }
  return wanted
}

/** An attribute as it is answered; undefined: there is no value to be had, or not enough room for it. */
export type Answered = {
  readonly type: number
  readonly value: Value | Template | undefined
  /** The value is wiped when it is written. */
  readonly secret?: boolean
}

/** Bytes of a value in the program's memory. */
export function lengthOf(value: Value | Template): number {
  if (typeof value === 'boolean') return BOOLEAN_BYTES
  if (typeof value === 'number') return NUMBER_BYTES
  return Buffer.isBuffer(value) ? value.length : (value as Template).size * ATTRIBUTE_BYTES
}

/** `aA` */
export function writeAttributes(to: WireWriter, attributes: readonly Answered[]): void {
  writeU32(to, attributes.length)
  for (const { type, value, secret = false } of attributes) {
    writeU32(to, type)
    writeByte(to, value === undefined ? 0 : 1)
    if (value === undefined) continue
    writeU32(to, lengthOf(value))
    writeValue(to, value, KINDS.get(type))
    if (secret && Buffer.isBuffer(value)) value.fill(0)
  }
}

function writeValue(to: WireWriter, value: Value | Template, of: Kind | undefined): void {
  if (of === 'boolean in bytes') writeByteArray(to, Buffer.of(value ? 1 : 0))
  else if (typeof value === 'boolean') writeByte(to, value ? 1 : 0)
  else if (typeof value === 'number' && of === 'number in bytes') writeByteArray(to, numberBytes(value))
  else if (typeof value === 'number') writeU64(to, value)
  else if (Buffer.isBuffer(value)) writeByteArray(to, value)
  else
    writeAttributes(
      to,
      [...(value as Template)].map(([type, inner]) => ({ type, value: inner })),
    )
}
