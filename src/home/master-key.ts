/** The key that everything the HSM stores is sealed under. */
import { HsmError } from '../contract/errors.ts'
import { createFile, readSecretIfThere } from './files.ts'

const BYTES = 32

/**
 * Calls `body` with the key, which is wiped afterwards.
 *
 * @param random makes the key of a new store; left out, there must be one already
 * @throws HsmError `store-damaged` when the key is missing, readable by others or not a key
 */
export function withMasterKey<R>(
  path: string,
  random: ((bytes: number) => Uint8Array) | undefined,
  body: (key: Uint8Array) => R,
): R {
  const text = readSecretIfThere(path) ?? create(path, random)
  const key = Buffer.from(text.trim(), 'hex')
  try {
    if (key.length !== BYTES || !/^[0-9a-f]{64}\n?$/.test(text)) {
      throw new HsmError('store-damaged', `The master key ${path} is damaged: it must be 64 hex digits`)
    }
    return body(key)
  } finally {
    key.fill(0)
  }
}

function create(path: string, random: ((bytes: number) => Uint8Array) | undefined): string {
  if (!random) {
    throw new HsmError(
      'store-damaged',
      `The master key ${path} is missing, and without it the store cannot be opened`,
    )
  }
  return saveMasterKey(path, random(BYTES))
}

/**
 * @param key wiped afterwards
 * @returns what is in the file
 */
export function saveMasterKey(path: string, key: Uint8Array): string {
  const text = `${Buffer.from(key.buffer, key.byteOffset, key.length).toString('hex')}\n`
  key.fill(0)
  createFile(path, text, 'private')
  return text
}
