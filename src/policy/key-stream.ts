import type { StreamStart } from '../contract/streams.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import type { Circumstances } from './circumstances.ts'
import type { Decision } from './decision.ts'
import { mayDecrypt, mayEncrypt } from './key-encryption.ts'
import { maySign, mayVerify } from './key-use.ts'

/** A message in parts asks for what one in a single piece does, with each of its parts. */
export function mayStream(
  actor: Actor,
  key: KeyRecord,
  start: StreamStart,
  circumstances: Circumstances,
): Decision<void> {
  switch (start.purpose) {
    case 'sign':
      return maySign(actor, key, start.mechanism, circumstances)
    case 'verify':
      return mayVerify(actor, key, start.mechanism, circumstances)
    case 'encrypt':
      return mayEncrypt(actor, key, start.cipher, circumstances)
    case 'decrypt':
      return mayDecrypt(actor, key, start.cipher, circumstances)
  }
}
