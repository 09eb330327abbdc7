/** A message signed or verified by the HSM: in one request, or in several when it is larger than one. */
import { NO_BYTES } from '../../../base/bytes.ts'
import { LIMITS } from '../../../contract/limits.ts'
import type { Context } from '../../spec.ts'
import type { PreparedMessage } from '../data.ts'

type Call = Context['call']

/** @returns the key's reference, and the signature */
export async function signMessage(
  call: Call,
  filter: string[],
  { mechanism, blocks }: PreparedMessage,
): Promise<{ reference: string; signature: Buffer }> {
  return eachOrAll(
    blocks,
    async (data) => {
      const reply = await call('crypto.sign', { filter, mechanism, data: [data] })
      return { reference: reply['key-reference'], signature: reply.signatures[0] ?? NO_BYTES }
    },
    async (all) => {
      const opened = await call('crypto.begin', { filter, purpose: 'sign', mechanism })
      await send(call, opened.stream, all)
      const { data } = await call('crypto.finish', { stream: opened.stream })
      return { reference: opened['key-reference'], signature: data ?? NO_BYTES }
    },
  )
}

export async function verifyMessage(
  call: Call,
  filter: string[],
  { mechanism, blocks }: PreparedMessage,
  signature: Uint8Array,
): Promise<boolean> {
  return eachOrAll(
    blocks,
    async (data) => {
      const request = { filter, mechanism, data: [data], signatures: [signature] }
      return (await call('crypto.verify', request)).verified[0] === true
    },
    async (all) => {
      const { stream } = await call('crypto.begin', { filter, purpose: 'verify', mechanism })
      await send(call, stream, all)
      return (await call('crypto.finish', { stream, signature })).verified === true
    },
  )
}

/** Hands a single block over by itself, and more of them one after another. */
async function eachOrAll<R>(
  blocks: AsyncIterable<Buffer>,
  single: (data: Buffer) => Promise<R>,
  several: (all: AsyncIterable<Buffer>) => Promise<R>,
): Promise<R> {
  const rest = blocks[Symbol.asyncIterator]()
  const first = (await rest.next()).value as Buffer
  // Only the last block is not full.
  if (first.length < LIMITS.dataBytes) return single(first)
  const second = await rest.next()
  if (second.done) return single(first)
  return several(inOrder([first, second.value], rest))
}

async function* inOrder(taken: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* taken
  yield* { [Symbol.asyncIterator]: () => rest }
}

/**
 * A message that cannot be sent to its end is of no use to anyone.
 *
 * @param taken is handed what comes back of each part
 */
export async function send(
  call: Call,
  stream: string,
  blocks: AsyncIterable<Buffer> | Iterable<Buffer>,
  taken: (ready: Buffer) => void = () => undefined,
): Promise<void> {
  try {
    for await (const block of blocks) {
      taken((await call('crypto.update', { stream, data: block })).data ?? NO_BYTES)
    }
  } catch (error) {
    await call('crypto.cancel', { stream }).catch(() => undefined)
    throw error
  }
}
