import type { KeyObject } from 'node:crypto'
import { andThen, type MaybePromise, whenOver } from '../../base/maybe-promise.ts'
import type { CipherStream } from '../../crypto/ciphers/cipher-stream.ts'

/**
 * Sends each item of data through a stream of its own. One item needs no waiting of its own.
 *
 * @param check throws when the right was taken back meanwhile
 */
export function whole(
  items: readonly Buffer[],
  check: () => void,
  key: KeyObject,
  begin: () => CipherStream,
): MaybePromise<Buffer[]> {
  const send = (item: Buffer): MaybePromise<Buffer> => {
    check()
    return one(item, key, begin())
  }
  const [first] = items
  if (items.length === 1 && first !== undefined) return andThen(send(first), (result) => [result])
  return inTurn(items, send)
}

async function inTurn(
  items: readonly Buffer[],
  send: (item: Buffer) => MaybePromise<Buffer>,
): Promise<Buffer[]> {
  const results: Buffer[] = []
  for (const item of items) results.push(await send(item))
  return results
}

const one = (item: Buffer, key: KeyObject, stream: CipherStream): MaybePromise<Buffer> =>
  whenOver(
    () => stream.finish(key, item),
    () => stream.close(),
  )
