import type { Cipher } from '../../contract/mechanisms.ts'
import type { KeyRecord } from '../../model/records.ts'
import type { Direction } from './cipher-stream.ts'
import { isRsa, longestMessage } from './rsa-encryption.ts'

/** How many bytes an RSA key makes of a message at the most; undefined for other keys, where that is up to the message. */
export function longestResult(
  { rsa }: Pick<KeyRecord, 'rsa'>,
  cipher: Cipher,
  direction: Direction,
): number | undefined {
  if (!rsa || !isRsa(cipher)) return undefined
  const modulusBytes = Math.ceil(rsa.modulusSizeBits / 8)
  return direction === 'encrypt' ? modulusBytes : longestMessage(cipher, modulusBytes)
}
