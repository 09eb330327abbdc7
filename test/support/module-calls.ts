/** Calls of a PKCS#11 module as frames ask for them: what stands in the frame becomes what a C program would pass. */
import { MECHANISM_TYPES } from '../../src/contract/mechanism-types.ts'
import { CALLS, type CallName } from '../../src/pkcs11/rpc/calls.ts'
import {
  attributeBytes,
  cursor,
  isBoolean,
  isNumber,
  NULL_LENGTH,
  Refused,
  type Shown,
} from './p11-client.ts'

const { dlopen, getRawPointer } = process.getBuiltinModule('node:ffi')

/** An argument as node:ffi takes it. */
type Word = { readonly type: 'pointer' | 'u64' | 'u8'; readonly value: bigint | number }
/** What a call is made of. `answer`: what is sent back, read when it has returned. */
type Piece = {
  readonly words: readonly Word[]
  readonly answer?: () => Buffer
  /** How much there is room for. */
  readonly room?: Word
  /** Of AES-GCM; the HSM may write there. */
  readonly iv?: Buffer | undefined
}
type Cursor = ReturnType<typeof cursor>

const OK = 0
const OS_LOCKING_OK = 2n
/** Of C_GetAttributeValue, which has answered nevertheless: CKR_ATTRIBUTE_SENSITIVE, TYPE_INVALID and CKR_BUFFER_TOO_SMALL. */
const PARTLY = [0x11, 0x12, 0x150]
const ATTRIBUTE_BYTES = 24
const UNAVAILABLE = 2n ** 64n - 1n

/** Whatever a call points to is kept until the next one. */
const kept: Buffer[] = []
const NULL: Word = { type: 'pointer', value: 0n }
const ulong = (value: bigint | number): Word => ({ type: 'u64', value: BigInt(value) })

function memory(size: number, content?: Uint8Array) {
  const bytes = Buffer.from(new ArrayBuffer(Math.max(size, 1)))
  if (content) bytes.set(content)
  kept.push(bytes)
  const address = getRawPointer(bytes)
  return { bytes, address, word: { type: 'pointer', value: address } as Word }
}
function words(...values: readonly (bigint | number)[]) {
  const made = memory(8 * values.length)
  for (const [at, value] of values.entries()) made.bytes.writeBigUInt64LE(BigInt(value), 8 * at)
  return { ...made, at: (index: number) => made.bytes.readBigUInt64LE(8 * index) }
}

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const u64 = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}
const array = (bytes: Buffer) => Buffer.concat([u32(bytes.length), bytes])

/** How the parameter of a kind lies in memory. n: a number, B: pointer and length, L: length and pointer, b: 8 bytes or more, w: bytes. */
const LAYOUTS: Readonly<Record<string, string>> = {
  pss: 'nnn',
  oaep: 'nnnB',
  ecdh: 'nLL',
  iv: 'w',
  ctr: 'nb',
  gcm: 'BnBn',
  'cloudhsm-gcm': 'BnBn',
  eddsa: 'bL',
  'mac-length': 'n',
}

function layoutOf(type: number): string {
  const found = Object.values<{ value: number; parameter?: string }>(MECHANISM_TYPES).find(
    ({ value }) => value === type,
  )
  const layout = LAYOUTS[found?.parameter ?? '']
  if (layout === undefined)
    throw new Error(`The parameter of mechanism 0x${type.toString(16)} is unknown here`)
  return layout
}

const u64Of = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

/** @returns the parameter in memory, and the bytes it points to, in their order */
function parameter(type: number, from: Cursor): { content: Buffer; pointed: readonly Buffer[] } {
  const pointed: Buffer[] = []
  const part = (letter: string): Buffer => {
    if (letter === 'n') return u64Of(BigInt(from.u64()))
    const bytes = from.arrayOrNull() ?? Buffer.alloc(0)
    if (letter === 'w') return bytes
    if (letter === 'b') return Buffer.concat([bytes, Buffer.alloc(Math.max(0, 8 - bytes.length))])
    const there = memory(bytes.length, bytes)
    pointed.push(there.bytes.subarray(0, bytes.length))
    const both = [u64Of(bytes.length === 0 ? 0n : there.address), u64Of(BigInt(bytes.length))]
    return Buffer.concat(letter === 'B' ? both : both.toReversed())
  }
  return { content: Buffer.concat([...layoutOf(type)].map(part)), pointed }
}

/** The IV is the first that the parameter points to. */
const outputs = (iv: Buffer | undefined) => (iv ? array(array(iv)) : u32(NULL_LENGTH))

function mechanism(from: Cursor): Piece {
  const type = from.u32()
  if (type === NULL_LENGTH) return { words: [NULL] }
  if (from.u8() === 0) return { words: [words(type, 0, 0).word] }
  const { content, pointed } = parameter(type, cursor(from.array()))
  const there = memory(content.length, content)
  return {
    words: [words(type, there.address, content.length).word],
    iv: layoutOf(type) === 'BnBn' ? pointed[0] : undefined,
  }
}

function bytesOf({ value }: Shown): Buffer {
  if (typeof value === 'boolean') return Buffer.of(Number(value))
  return typeof value === 'number' ? u64Of(BigInt(value)) : (value ?? Buffer.alloc(0))
}

const rows = (all: readonly (readonly [type: number, address: bigint, length: number])[]) =>
  words(...all.flat())

function template(from: Cursor): Piece {
  const all = from.attributes().map((attribute) => {
    const value = bytesOf(attribute)
    return [attribute.type, memory(value.length, value).address, value.length] as const
  })
  return { words: [rows(all).word, ulong(all.length)] }
}

function shown(type: number, bytes: Buffer): Buffer {
  if (isBoolean(type)) return attributeBytes([type, bytes.readUInt8(0) === 1])
  return attributeBytes([type, isNumber(type) ? Number(bytes.readBigUInt64LE(0)) : bytes])
}

function wanted(from: Cursor): Piece {
  const all = Array.from({ length: from.u32() }, () => {
    const [type, room] = [from.u32(), from.u32()]
    return { type, room, memory: memory(room) }
  })
  const given = rows(
    all.map(({ type, room, memory: { address } }) => [type, room === 0 ? 0n : address, room]),
  )
  const answer = () =>
    Buffer.concat([
      u32(all.length),
      ...all.map(({ type, memory: { bytes } }, index) => {
        const length = given.bytes.readBigUInt64LE(index * ATTRIBUTE_BYTES + 16)
        if (length === UNAVAILABLE) return Buffer.concat([u32(type), Buffer.of(0)])
        return shown(type, bytes.subarray(0, Number(length)))
      }),
    ])
  return { words: [given.word, ulong(all.length)], answer }
}

/** @param size of one of what is returned */
function room(from: Cursor, size: 1 | 8): Piece {
  const count = from.u32()
  const there = count === NULL_LENGTH ? 0 : count
  const out = memory(size * there)
  const length = words(there)
  const answer = () => {
    const found = Number(length.at(0))
    if (count === 0) return Buffer.concat([Buffer.of(0), u32(found)])
    if (size === 1) return Buffer.concat([Buffer.of(1), array(out.bytes.subarray(0, found))])
    const each = Array.from({ length: found }, (_, at) => u64(out.bytes.readBigUInt64LE(8 * at)))
    return Buffer.concat([Buffer.of(1), u32(found), ...each])
  }
  return { words: [count === 0 ? NULL : out.word, length.word], room: ulong(there), answer }
}

function bytes(from: Cursor): Piece {
  if (from.u8() === 0) return { words: [NULL, ulong(from.u32())] }
  const content = from.array()
  return { words: [memory(content.length, content).word, ulong(content.length)] }
}

const READERS: Readonly<Record<string, (from: Cursor) => Piece>> = {
  u: (from) => ({ words: [ulong(from.u64())] }),
  y: (from) => ({ words: [{ type: 'u8', value: from.u8() }] }),
  ay: bytes,
  fy: (from) => room(from, 1),
  fu: (from) => room(from, 8),
  aA: template,
  fA: wanted,
  M: mechanism,
}

const lettersOf = (signature: string): string[] => signature.match(/[af][yuA]|./g) ?? []

/** `count` numbers that the function writes one after another. */
function numbers(count: number, apart: boolean): Piece {
  const out = words(...Array.from({ length: count }, () => 0))
  const each = Array.from(
    { length: apart ? count : 1 },
    (_, at): Word => ({ type: 'pointer', value: out.address + BigInt(8 * at) }),
  )
  return {
    words: each,
    answer: () => Buffer.concat(Array.from({ length: count }, (_, at) => u64(out.at(at)))),
  }
}

/** Of what the HSM answers: the rest stays in the module. */
const seenByPrograms = (response: string): string => response.replaceAll(/[^auyAP]/g, '')

/** Functions whose arguments are not those of the frame in their order. */
const UNLIKE: Readonly<Partial<Record<CallName, (pieces: readonly Piece[]) => readonly Word[]>>> = {
  C_Initialize: () => [words(0, 0, 0, 0, OS_LOCKING_OK, 0).word],
  C_OpenSession: ([slot, flags, handle]) => [...of(slot), ...of(flags), NULL, NULL, ...of(handle)],
  C_FindObjects: ([session, found]) => [...of(session), ...of(found).toSpliced(1, 0, found?.room ?? NULL)],
  C_GenerateRandom: ([session, out]) => [...of(session), ...of(out).toSpliced(1, 1, out?.room ?? NULL)],
}
const of = (piece: Piece | undefined): readonly Word[] => piece?.words ?? []

/** @returns what a program's frame asks of the module, as the body of a frame with the answer */
export function moduleCalls(path: string): (body: Buffer) => Buffer {
  const functions = new Map<string, (...given: (bigint | number)[]) => bigint>()
  function functionOf(name: string, given: readonly Word[]) {
    const found = functions.get(name)
    if (found) return found
    const signature = { arguments: given.map(({ type }) => type), return: 'u64' as const }
    const made = dlopen(path, { [name]: signature }).functions[name] as never
    functions.set(name, made)
    return made as (...given: (bigint | number)[]) => bigint
  }

  return (body) => {
    kept.length = 0
    const from = cursor(body)
    const id = from.u32()
    const [name, call] = Object.entries(CALLS).find(([, call]) => call.id === id) ?? fail(id)
    const response = seenByPrograms(call.response)
    const pieces = lettersOf(from.array().toString()).map((letters) =>
      (READERS[letters] ?? fail(letters))(from),
    )
    const numbersBack = /^u+$/.test(response) && id !== CALLS.C_GetAttributeValue.id ? response.length : 0
    const isStructure = name.endsWith('Info')
    if (numbersBack > 0) pieces.push(numbers(numbersBack, !isStructure))
    const given = UNLIKE[name as CallName]?.(pieces) ?? pieces.flatMap(of)
    const value = Number(functionOf(name, given)(...given.map(({ value }) => value)))
    const partly = id === CALLS.C_GetAttributeValue.id && PARTLY.includes(value)
    if (value !== OK && !partly) throw new Refused(value)
    const back = pieces.flatMap(({ answer }) => answer?.() ?? [])
    if (response.endsWith('P')) back.push(outputs(pieces.find(({ iv }) => iv)?.iv))
    if (response === 'aAu') back.push(u64(BigInt(value)))
    return Buffer.concat([u32(id), array(Buffer.from(response)), ...back])
  }
}

function fail(what: unknown): never {
  throw new Error(`The module is not asked for ${what}`)
}
