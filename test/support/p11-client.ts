/** The other end of the p11-kit protocol, as its client library and our own module speak it: written from the protocol, not from our server. */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

export type Attribute = readonly [type: number, value: AttributeValue]
export type AttributeValue = boolean | number | string | Uint8Array | readonly Attribute[]
export type Shown = { readonly type: number; readonly value: Buffer | number | boolean | undefined }

/** One argument: its letters in the signature, and its bytes for a client that offered that version. */
export type Argument = { readonly letters: string; readonly bytes: (offered: number) => Buffer }

const u8 = (value: number): Buffer => Buffer.of(value)
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
const array = (bytes: Uint8Array): Buffer => Buffer.concat([u32(bytes.length), bytes])
const plain = (letters: string, bytes: Buffer): Argument => ({ letters, bytes: () => bytes })

export const ulong = (value: number | bigint): Argument => plain('u', u64(value))
export const byte = (value: number): Argument => plain('y', u8(value))
export const bytes = (value: Uint8Array | string | undefined): Argument =>
  plain(
    'ay',
    value === undefined ? Buffer.concat([u8(0), u32(0)]) : Buffer.concat([u8(1), array(Buffer.from(value))]),
  )
/** @param room 0: NULL; 0xffffffff: a buffer of size 0 */
export const room = (count: number): Argument => plain('fy', u32(count))
export const listRoom = (count: number): Argument => plain('fu', u32(count))

const BOOLEANS = [1, 2, 0x86, ...range(0x103, 0x10c), ...range(0x162, 0x165), 0x170, 0x171, 0x202, 0x210]
/** A boolean that the client library takes for bytes. */
const DESTROYABLE = 0x172
const NUMBERS = [0, 0x80, 0x87, 0x100, 0x121, 0x161, 0x166]
const TEMPLATES = [0x4000_0211, 0x4000_0212]

/** How the value of an attribute of that type travels; else as bytes. */
export const isBoolean = (type: number): boolean => BOOLEANS.includes(type) || type === DESTROYABLE
export const isNumber = (type: number): boolean => NUMBERS.includes(type)

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

export const attributeBytes = ([type, value]: Attribute): Buffer => {
  const [length, content] = valueBytes(type, value)
  return Buffer.concat([u32(type), u8(1), u32(length), content])
}

function valueBytes(type: number, value: AttributeValue): [length: number, content: Buffer] {
  if (typeof value === 'boolean')
    return [1, BOOLEANS.includes(type) ? u8(Number(value)) : array(u8(Number(value)))]
  if (typeof value === 'number') return [8, u64(value)]
  if (typeof value === 'string' || value instanceof Uint8Array) {
    const content = Buffer.from(value as Uint8Array)
    return [content.length, array(content)]
  }
  return [24 * value.length, Buffer.concat([u32(value.length), ...value.map(attributeBytes)])]
}

export const template = (...attributes: readonly Attribute[]): Argument =>
  plain('aA', Buffer.concat([u32(attributes.length), ...attributes.map(attributeBytes)]))

/** @param wanted types and rooms */
export const wanted = (...all: readonly (readonly [type: number, room: number])[]): Argument =>
  plain('fA', Buffer.concat([u32(all.length), ...all.flatMap(([type, count]) => [u32(type), u32(count)])]))

/** The first version of our own module's dialect. */
export const OWN = 0x80

/** @param fields of the parameter: numbers are CK_ULONG, undefined is a NULL pointer */
export const mechanism = (
  type: number | null,
  ...fields: readonly (number | Uint8Array | undefined)[]
): Argument => ({
  letters: 'M',
  bytes(offered) {
    if (type === null) return u32(0xffff_ffff)
    const parameter = fields.map((field) => {
      if (typeof field === 'number') return u64(field)
      return field ? array(field) : u32(0xffff_ffff)
    })
    const none = fields.length === 0
    if (offered >= OWN)
      return Buffer.concat([
        u32(type),
        none ? u8(0) : Buffer.concat([u8(1), array(Buffer.concat(parameter))]),
      ])
    const flag = offered < 2 ? (none ? [u32(0xffff_ffff)] : []) : none ? [] : [u8(1)]
    return Buffer.concat([u32(type), ...flag, ...parameter])
  },
})

export type P11Client = {
  /** The results in the order of the response's signature. Rejects with `Refused` for an error response. */
  call(id: number, ...given: readonly Argument[]): Promise<Results>
  /** The number of the error that a call is refused with; 0 when it is not. */
  refusal(id: number, ...given: readonly Argument[]): Promise<number>
  /** Sends bytes as they are. */
  send(raw: Uint8Array): void
  readonly stream: Duplex
  /** Version that the server chose. */
  readonly answered: number
}

export class Refused extends Error {
  readonly value: number
  constructor(value: number) {
    super(`CKR 0x${value.toString(16)}`)
    this.value = value
  }
}

/** A connection to the socket at that path, or one that is there; greeted and initialized unless told otherwise. */
export async function connectP11(
  to: string | Duplex,
  { offered = 0, initialize = true }: { offered?: number; initialize?: boolean } = {},
): Promise<P11Client> {
  const stream = typeof to === 'string' ? connect(to) : to
  const client = speak(stream, offered)
  stream.write(u8(offered))
  const ready = { ...client, answered: await client.answered }
  if (initialize) await ready.call(1, ...INITIALIZE)
  return ready
}

export const INITIALIZE = [bytes('PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1'), byte(0), bytes('\0')] as const

/** Resolves when the connection is gone, however it went. */
export function closed(stream: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (stream.closed) resolve()
  else stream.once('close', resolve)
  return promise
}

/** The client's side of a stream on which the greeting is still to come. */
export function speak(stream: Duplex, offered: number) {
  const waiting = new Map<number, PromiseWithResolvers<Buffer>>()
  const greeting = Promise.withResolvers<number>()
  greeting.promise.catch(() => undefined)
  let code = 15
  let buffer = Buffer.alloc(0)
  let hello = false
  stream.on('error', () => undefined)
  const error = new Error('The connection was closed')
  stream.on('close', () => {
    greeting.reject(error)
    for (const { reject } of waiting.values()) reject(error)
  })
  stream.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk])
    if (!hello && buffer.length > 0) {
      hello = true
      greeting.resolve(buffer.readUInt8(0))
      buffer = buffer.subarray(1)
    }
    while (hello && buffer.length >= 12 && buffer.length >= 12 + buffer.readUInt32BE(8)) {
      const end = 12 + buffer.readUInt32BE(8)
      waiting.get(buffer.readUInt32BE(0))?.resolve(buffer.subarray(12, end))
      buffer = buffer.subarray(end)
    }
  })
  async function call(id: number, ...given: readonly Argument[]): Promise<Results> {
    if (stream.closed) throw error
    code += 1
    const answer = Promise.withResolvers<Buffer>()
    waiting.set(code, answer)
    stream.write(frame(code, id, given, offered))
    return readResults(id, await answer.promise)
  }
  return {
    call,
    async refusal(id: number, ...given: readonly Argument[]) {
      try {
        await call(id, ...given)
        return 0
      } catch (error) {
        if (error instanceof Refused) return error.value
        throw error
      }
    },
    send: (raw: Uint8Array) => void stream.write(raw),
    stream,
    answered: greeting.promise,
  }
}

export function frame(code: number, id: number, given: readonly Argument[], offered = 0): Buffer {
  const signature = given.map(({ letters }) => letters).join('')
  const body = Buffer.concat([
    u32(id),
    array(Buffer.from(signature)),
    ...given.map((argument) => argument.bytes(offered)),
  ])
  return Buffer.concat([u32(code), u32(6), u32(body.length), Buffer.from('client'), body])
}

export type Results = {
  readonly signature: string
  /** Numbers, in the order in which they come. */
  readonly numbers: readonly number[]
  readonly texts: readonly string[]
  /** Result bytes; undefined when there was only their length. */
  readonly bytes: Buffer | undefined
  readonly length: number
  readonly list: readonly number[]
  readonly attributes: readonly Shown[]
  /** Members of the mechanism's parameter that came back to our own module. */
  readonly outputs: readonly Buffer[]
  /** What resumes the login; undefined when nothing does. */
  readonly credential: string | undefined
}

function readResults(id: number, body: Buffer): Results {
  const from = cursor(body)
  const answeredId = from.u32()
  const signature = from.array().toString()
  if (answeredId === 0) throw new Refused(from.u64())
  if (answeredId !== id) throw new Error(`The response is for call ${answeredId}`)
  const results = { numbers: [] as number[], texts: [] as string[], list: [] as number[] }
  let data: Buffer | undefined
  let length = 0
  let attributes: Shown[] = []
  let outputs: Buffer[] = []
  let credential: string | undefined
  for (const letters of signature.match(/a[yuA]|./g) ?? []) {
    if (letters === 'u') results.numbers.push(from.u64())
    else if (letters === 'v') results.numbers.push(from.u8(), from.u8())
    else if (letters === 's') results.texts.push(from.array().toString())
    else if (letters === 'aA') attributes = from.attributes()
    else if (letters === 'P') outputs = from.outputs()
    else if (letters === 'L') credential = from.text()
    else if (letters === 'ay') {
      const there = from.u8() === 1
      data = there ? from.array() : undefined
      length = data?.length ?? from.u32()
    } else if (letters === 'au') {
      const there = from.u8() === 1
      length = from.u32()
      for (let left = there ? length : 0; left > 0; left -= 1) results.list.push(from.u64())
    } else throw new Error(`The signature ${signature} is unknown`)
  }
  if (!from.atEnd()) throw new Error('There is more in the response than its signature says')
  return { signature, ...results, bytes: data, length, attributes, outputs, credential }
}

export const NULL_LENGTH = 0xffff_ffff

/** Reads what travels. */
export function cursor(body: Buffer) {
  let at = 0
  const take = (count: number) => {
    if (at + count > body.length) throw new Error('The response is cut short')
    at += count
    return body.subarray(at - count, at)
  }
  const u = { u8: () => take(1).readUInt8(), u32: () => take(4).readUInt32BE() }
  const big = () => Number(take(8).readBigUInt64BE())
  const bytesOf = () => Buffer.from(take(u.u32()))
  const value = (type: number) => {
    if (type === DESTROYABLE) return bytesOf().equals(u8(1))
    if (BOOLEANS.includes(type)) return u.u8() === 1
    if (NUMBERS.includes(type)) return big()
    return bytesOf()
  }
  const attribute = (): Shown => {
    const type = u.u32()
    if (u.u8() === 0) return { type, value: undefined }
    u.u32()
    if (TEMPLATES.includes(type)) throw new Error('A template is not expected here')
    return { type, value: value(type) }
  }
  return {
    ...u,
    u64: big,
    array: bytesOf,
    /** Undefined for NULL. */
    arrayOrNull() {
      const length = u.u32()
      return length === NULL_LENGTH ? undefined : Buffer.from(take(length))
    },
    outputs() {
      const all: Buffer[] = []
      const total = u.u32()
      const end = at + total
      while (total !== NULL_LENGTH && at < end) all.push(bytesOf())
      return all
    },
    attributes: () => Array.from({ length: u.u32() }, attribute),
    text: (length = u.u32()) => (length === NULL_LENGTH ? undefined : take(length).toString()),
    atEnd: () => at === body.length,
  }
}
