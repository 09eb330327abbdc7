import { createDecipheriv } from 'node:crypto'

const IV_BYTES = 12
const TAG_BYTES = 16

/** What `cloudhsm-aes-gcm` has encrypted or wrapped with a tag of 128 bits. Throws if it was not under this key. */
export function gcmOpen(key: Buffer, wrapped: Buffer): Buffer {
  const context = createDecipheriv(`aes-${(key.length * 8) as 256}-gcm`, key, wrapped.subarray(0, IV_BYTES))
  context.setAuthTag(wrapped.subarray(-TAG_BYTES))
  return Buffer.concat([context.update(wrapped.subarray(IV_BYTES, -TAG_BYTES)), context.final()])
}
