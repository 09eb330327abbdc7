/** A message that the HSM signs, verifies, encrypts or decrypts, whole or in parts. */
import { andThen, type MaybePromise, orElse } from '../../base/maybe-promise.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { StreamHandle } from '../account.ts'
import { gathered } from '../gathered.ts'

/** What came of a message; `verified` of signatures only. */
export type Done = { readonly data: Buffer; readonly verified: boolean }

/** One message and the stream of the HSM that it goes through. */
export interface Message {
  /** Of signatures, MACs and what RSA makes of a message; undefined of the others. */
  readonly resultBytes: number | undefined
  /** Of AES-GCM, when the HSM made it; the same for as long as the message lasts. */
  readonly iv: Buffer | undefined
  /** A part of it has been worked on: it can only be gone on with. */
  readonly inParts: boolean
  /** The whole message. Nothing of it was worked on before, so it is begun anew if the HSM has lost it meanwhile. */
  whole(data: Buffer, signature?: Buffer): MaybePromise<Done>
  update(data: Buffer): MaybePromise<Buffer>
  finish(signature?: Buffer): MaybePromise<Done>
  /** From the start, with the right to use the key checked again. */
  restart(): MaybePromise<void>
  cancel(): MaybePromise<void>
}

/** @param iv the one that the HSM has made for the message before */
type Begin = (iv?: Buffer) => MaybePromise<StreamHandle>

/** @param begin asks the HSM for a stream; called again when the HSM has lost it before any part was worked on */
export const beginMessage = (begin: Begin): MaybePromise<Message> =>
  andThen(begin(), (stream) => messageOf(stream, begin))

function messageOf(begun: StreamHandle, begin: Begin): Message {
  let stream = begun
  const { iv } = begun

  const restart = (): MaybePromise<void> =>
    andThen(begin(iv), (next) => {
      stream = next
      message.resultBytes = next.resultBytes
      message.inParts = false
    })

  const message: { -readonly [K in keyof Message]: Message[K] } = {
    resultBytes: stream.resultBytes,
    iv,
    inParts: false,
    whole: (data, signature) =>
      orElse(
        () => finishWhole(stream, data, signature),
        (error) => {
          if (!isLost(error)) throw error
          return andThen(restart(), () => finishWhole(stream, data, signature))
        },
      ),
    update(data) {
      message.inParts = true
      if (data.length === 0) return NOTHING
      return data.length <= LIMITS.dataBytes ? stream.update(data) : updateInPieces(stream, data)
    },
    finish: (signature) => stream.finish(signature ? { signature } : {}),
    restart,
    cancel: () => stream.cancel(),
  }
  return message
}

const NOTHING = Buffer.alloc(0)

const isLost = (error: unknown): boolean => error instanceof HsmError && error.code === 'stream-not-found'

function finishWhole(stream: StreamHandle, data: Buffer, signature: Buffer | undefined): MaybePromise<Done> {
  const end = signature ? { signature } : {}
  if (data.length > LIMITS.dataBytes) return finishInPieces(stream, data, end)
  return stream.finish(data.length > 0 ? { data, ...end } : end)
}

async function finishInPieces(
  stream: StreamHandle,
  data: Buffer,
  end: { readonly signature?: Buffer },
): Promise<Done> {
  const all = [...pieces(data)]
  const last = all.pop() ?? NOTHING
  let verified = false
  const whole = await gathered(async (ready) => {
    for (const piece of all) ready.push(await stream.update(piece))
    const done = await stream.finish({ data: last, ...end })
    ready.push(done.data)
    verified = done.verified
  })
  return { data: whole, verified }
}

const updateInPieces = (stream: StreamHandle, data: Buffer): Promise<Buffer> =>
  gathered(async (ready) => {
    for (const piece of pieces(data)) ready.push(await stream.update(piece))
  })

/** Pieces no larger than the HSM takes. */
function* pieces(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += LIMITS.dataBytes) yield data.subarray(at, at + LIMITS.dataBytes)
}
