import type { KeyObject } from 'node:crypto'
import type { CipherStream } from '../../crypto/ciphers/cipher-stream.ts'

/**
 * Sends each item of data through a stream of its own.
 *
 * @param items base64, as is the result
 * @param check throws when the right was taken back meanwhile
 */
export async function whole(
  items: readonly string[],
  check: () => void,
  key: KeyObject,
  begin: () => CipherStream,
): Promise<string[]> {
  const results: string[] = []
  for (const item of items) {
    check()
    results.push(await one(Buffer.from(item, 'base64'), key, begin()))
  }
  return results
}

async function one(item: Buffer, key: KeyObject, stream: CipherStream): Promise<string> {
  try {
    const result = await stream.finish(key, item)
    return taken(result)
  } finally {
    item.fill(0)
    stream.close()
  }
}

/** As base64; the bytes themselves are wiped. */
export function taken(bytes: Buffer): string {
  const text = bytes.toString('base64')
  bytes.fill(0)
  return text
}
