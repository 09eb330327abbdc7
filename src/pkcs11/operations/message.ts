/** A message that the HSM signs, verifies, encrypts or decrypts, whole or in parts. */
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { StreamHandle } from '../account.ts'

/** What came of a message; `verified` of signatures only. */
export type Done = { readonly data: Buffer; readonly verified: boolean }

/** One message and the stream of the HSM that it goes through. */
export interface Message {
  /** Of signatures, MACs and what RSA makes of a message; undefined of the others. */
  readonly resultBytes: number | undefined
  /** A part of it has been worked on: it can only be gone on with. */
  readonly inParts: boolean
  /** The whole message. Nothing of it was worked on before, so it is begun anew if the HSM has lost it meanwhile. */
  whole(data: Buffer, signature?: Buffer): Promise<Done>
  update(data: Buffer): Promise<Buffer>
  finish(signature?: Buffer): Promise<Done>
  /** From the start, with the right to use the key checked again. */
  restart(): Promise<void>
  cancel(): Promise<void>
}

/** @param begin asks the HSM for a stream; called again when the HSM has lost it before any part was worked on */
export async function beginMessage(begin: () => Promise<StreamHandle>): Promise<Message> {
  let stream = await begin()
  let inParts = false

  async function restart(): Promise<void> {
    stream = await begin()
    inParts = false
  }

  return {
    get resultBytes() {
      return stream.resultBytes
    },
    get inParts() {
      return inParts
    },
    async whole(data, signature) {
      try {
        return await run(stream, data, signature)
      } catch (error) {
        if (!isLost(error)) throw error
        await restart()
        return await run(stream, data, signature)
      }
    },
    async update(data) {
      inParts = true
      const ready: Buffer[] = []
      for (const part of parts(data)) ready.push(await stream.update(part))
      return joined(ready)
    },
    finish: (signature) => stream.finish({ ...(signature && { signature }) }),
    restart,
    cancel: () => stream.cancel(),
  }
}

const isLost = (error: unknown): boolean => error instanceof HsmError && error.code === 'stream-not-found'

async function run(stream: StreamHandle, data: Buffer, signature: Buffer | undefined): Promise<Done> {
  const all = [...parts(data)]
  const last = all.pop()
  const ready: Buffer[] = []
  for (const part of all) ready.push(await stream.update(part))
  const done = await stream.finish({ ...(last && { data: last }), ...(signature && { signature }) })
  return { data: joined([...ready, done.data]), verified: done.verified }
}

/** Pieces no larger than the HSM takes. */
function* parts(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += LIMITS.dataBytes) yield data.subarray(at, at + LIMITS.dataBytes)
}

const joined = (pieces: readonly Buffer[]): Buffer =>
  pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
