import type { KeyObject } from 'node:crypto'
import { andThen, type MaybePromise, whenOver } from '../../base/maybe-promise.ts'
import type { CipherStream } from '../../crypto/ciphers/cipher-stream.ts'

/**
 * Sends each item of data through a stream of its own. One item needs no waiting of its own.
 *
 * @param items base64, as is the result
 * @param check throws when the right was taken back meanwhile
 */
export function whole(
  items: readonly string[],
  check: () => void,
  key: KeyObject,
  begin: () => CipherStream,
): MaybePromise<string[]> {
  const send = (item: string): MaybePromise<string> => {
    check()
    return one(Buffer.from(item, 'base64'), key, begin())
  }
  const [first] = items
  if (items.length === 1 && first !== undefined) return andThen(send(first), (result) => [result])
  return inTurn(items, send)
}

async function inTurn(
  items: readonly string[],
  send: (item: string) => MaybePromise<string>,
): Promise<string[]> {
  const results: string[] = []
  for (const item of items) results.push(await send(item))
  return results
}

const one = (item: Buffer, key: KeyObject, stream: CipherStream): MaybePromise<string> =>
  whenOver(
    () => andThen(stream.finish(key, item), taken),
    () => {
      item.fill(0)
      stream.close()
    },
  )

/** As base64; the bytes themselves are wiped. */
export function taken(bytes: Buffer): string {
  const text = bytes.toString('base64')
  bytes.fill(0)
  return text
}
