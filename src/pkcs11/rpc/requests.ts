/** Requests and responses: the number of the call, its signature, and what the signature says. */
import { BOUNDS } from '../bounds.ts'
import type { ReturnValue } from '../cryptoki/returns.ts'
import { CryptokiError } from '../errors.ts'
import { CALLS, type CallName, FIRST_OWN_CALL, LAST_CALL } from './calls.ts'
import { isOwn } from './dialect.ts'
import { HEADER_BYTES } from './frame.ts'
import { malformed } from './malformed.ts'
import { type Arguments, argumentsReader, type Results, resultsWriter } from './signatures.ts'
import { createWireReader, readEnd, readExactly, readU32, readU64, type WireReader } from './wire-reader.ts'
import {
  createWireWriter,
  type WireWriter,
  writeByteArray,
  writeU32,
  writeU64,
  written,
} from './wire-writer.ts'

export type CallArguments<N extends CallName> = Arguments<(typeof CALLS)[N]['request']>
export type CallResults<N extends CallName> = Results<(typeof CALLS)[N]['response']>

type Layout = {
  readonly name: CallName
  readonly id: number
  readonly request: Buffer
  readonly read: (from: WireReader) => readonly unknown[]
  /** For our own module, and for p11-kit. */
  readonly own: ResponseLayout
  readonly p11Kit: ResponseLayout
}

type ResponseLayout = {
  readonly signature: Buffer
  readonly write: (to: WireWriter, results: never) => void
}

const responseLayout = (signature: string): ResponseLayout => ({
  signature: Buffer.from(signature),
  write: resultsWriter<string>(signature) as ResponseLayout['write'],
})

/** By their numbers. */
const LAYOUTS: (Layout | undefined)[] = []
for (const name of Object.keys(CALLS) as CallName[]) {
  const { id, request, response } = CALLS[name]
  LAYOUTS[id] = {
    name,
    id,
    request: Buffer.from(request),
    read: argumentsReader<string>(request),
    own: responseLayout(response),
    p11Kit: responseLayout(response.replace(/[PL]$/, '')),
  }
}

export type Request = {
  readonly [N in CallName]: { readonly name: N; readonly given: CallArguments<N> }
}[CallName]

/** A request with a mechanism that the token does not have: what comes after it cannot be told. */
export type Unreadable = {
  readonly name: CallName
  readonly session: number
  readonly refusal: CryptokiError
}

/**
 * Reads a request; undefined for a call of the protocol that is not answered.
 *
 * @param offered version that the client offered
 * Throws MalformedRequest.
 */
export function readRequest(body: Buffer, offered: number): Request | Unreadable | undefined {
  const from = createWireReader(body, offered)
  const id = readU32(from)
  const layout = id < FIRST_OWN_CALL || isOwn(offered) ? LAYOUTS[id] : undefined
  if (!layout) return id > 0 && id <= LAST_CALL ? undefined : malformed('call')
  if (!readExactly(from, layout.request)) return malformed('signature')
  const { name } = layout
  const start = from.at
  try {
    const given = layout.read(from)
    readEnd(from)
    return { name, given } as unknown as Request
  } catch (error) {
    if (!(error instanceof CryptokiError)) throw error
    // Every call with a mechanism has the session first.
    from.at = start
    return { name, session: readU64(from), refusal: error }
  }
}

/** Where C_GenerateRandom says how many bytes it wants: behind its number, its signature and the session. */
const RANDOM_COUNT_AT = 4 + 4 + CALLS.C_GenerateRandom.request.length + 8

/** Bytes of the answer, at the most, of a request that is small itself; 0 when neither is the answer large. */
export function answerBytes(body: Buffer): number {
  const asksForRandom =
    body.length === RANDOM_COUNT_AT + 4 && body.readUInt32BE(0) === CALLS.C_GenerateRandom.id
  return asksForRandom ? Math.min(body.readUInt32BE(RANDOM_COUNT_AT), BOUNDS.randomBytes) : 0
}

/**
 * The frame of a response.
 *
 * @param offered version that the client offered
 */
export function writeResponse<N extends CallName>(
  code: number,
  name: N,
  results: CallResults<N>,
  offered: number,
): Buffer {
  const { id, own, p11Kit } = LAYOUTS[CALLS[name].id] ?? malformed('call')
  const { signature, write } = isOwn(offered) ? own : p11Kit
  return framed(code, id, signature, (to) => write(to, results as never))
}

const ERROR = 0
const ERROR_SIGNATURE = Buffer.from('u')

/** The frame of a response that only says what the function returns. */
export const writeRefusal = (code: number, value: ReturnValue | number): Buffer =>
  framed(code, ERROR, ERROR_SIGNATURE, (to) => writeU64(to, value))

function framed(code: number, id: number, signature: Buffer, write: (to: WireWriter) => void): Buffer {
  const to = createWireWriter()
  writeU32(to, code)
  writeU32(to, 0)
  writeU32(to, 0)
  writeU32(to, id)
  writeByteArray(to, signature)
  write(to)
  const frame = written(to)
  frame.writeUInt32BE(frame.length - HEADER_BYTES, 8)
  return frame
}
