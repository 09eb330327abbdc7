/** A key from a passphrase, for what is kept where anybody may try passphrases on it for years. */
import { argon2 } from 'node:crypto'
import { promisify } from 'node:util'
import { HsmError } from '../contract/errors.ts'

/** Of argon2id; `memory` in KiB. */
export type KeyCost = { readonly memory: number; readonly passes: number; readonly parallelism: number }

/** RFC 9106 §4, the second recommended option. */
export const KEY_COST: KeyCost = { memory: 65_536, passes: 3, parallelism: 4 }

/** What a file may ask for: more would stop the machine. */
const MAX: KeyCost = { memory: 2_097_152, passes: 16, parallelism: 16 }
const KEY_BYTES = 32

const argon2InPool = promisify(argon2)

/**
 * @param passphrase its UTF-8 bytes count as they are
 * @returns 32 bytes, the caller's to wipe
 * @throws HsmError `invalid-data` when the costs are out of bounds
 */
export async function passphraseKey(
  passphrase: string,
  { memory, passes, parallelism, salt }: KeyCost & { readonly salt: Uint8Array },
): Promise<Buffer> {
  const bearable = memory <= MAX.memory && passes <= MAX.passes && parallelism <= MAX.parallelism
  if (!bearable || memory < 8 * parallelism || salt.length < 8 || salt.length > 64) {
    throw new HsmError('invalid-data', 'The costs of the passphrase are out of bounds')
  }
  const message = Buffer.from(passphrase, 'utf8')
  try {
    const parameters = { message, nonce: salt, parallelism, tagLength: KEY_BYTES, memory, passes }
    return await argon2InPool('argon2id', parameters)
  } finally {
    message.fill(0)
  }
}
