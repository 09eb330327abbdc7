import type { StreamUse } from '../contract/streams.ts'
import type { Decision } from './decision.ts'
import type { About } from './facts.ts'
import { mayDecrypt, mayEncrypt } from './key-encryption.ts'
import { maySign, mayVerify } from './key-signing.ts'

/** A message in parts asks for what one in a single piece does, with each of its parts. */
export function mayStream(facts: About<'actor' | 'key' | 'circumstances'>, use: StreamUse): Decision<void> {
  switch (use.purpose) {
    case 'sign':
      return maySign(facts, use)
    case 'verify':
      return mayVerify(facts, use)
    case 'encrypt':
      return mayEncrypt(facts, use)
    case 'decrypt':
      return mayDecrypt(facts, use)
  }
}
