/** Messages that are signed or verified in parts: hashed as they come where the mechanism hashes, otherwise kept. */
import { createHash } from 'node:crypto'
import { DIGEST_INFO_PREFIX, type Hash } from '../contract/algorithms.ts'
import { LIMITS } from '../contract/limits.ts'
import type { Mechanism } from '../contract/mechanisms.ts'
import { heldMessage } from './held-message.ts'
import type { MessageStream } from './signing-keys.ts'

/** Of every mechanism but MACs. */
export function messageStream(mechanism: Mechanism): MessageStream {
  const digested = digestOf(mechanism)
  return digested ? hashed(digested) : kept(mechanism)
}

/** The hash function of a mechanism that hashes, and how it is then gone on with. */
type Digested = { readonly hash: Hash; readonly mechanism: Mechanism }

function digestOf(mechanism: Mechanism): Digested | undefined {
  if (!('input' in mechanism) || mechanism.input !== 'raw' || mechanism.name === 'ml-dsa') return undefined
  const hash = mechanism.name === 'ed25519ph' ? 'sha512' : mechanism.hash
  return { hash, mechanism: { ...mechanism, input: 'digest' } }
}

/** The hash is begun when the first part comes: a message that comes whole does without. */
function hashed({ hash, mechanism }: Digested): MessageStream {
  let begun: ReturnType<typeof createHash> | undefined
  const hasher = () => {
    begun ??= createHash(hash)
    return begun
  }
  // RSASSA-PKCS1-v1_5 takes a digest inside its DigestInfo (RFC 8017 §9.2).
  const prefix = Buffer.from(mechanism.name === 'rsa-pkcs' ? DIGEST_INFO_PREFIX[hash] : '', 'hex')
  const digest = () => Buffer.concat([prefix, hasher().digest()])
  return {
    update: (part) => void hasher().update(part),
    sign: (key) => key.sign(mechanism, digest()),
    verify: (key, signature) => key.verify(mechanism, digest(), signature),
    held: () => 0,
    close: () => undefined,
  }
}

/** A mechanism for values hashed elsewhere takes none that is longer than the modulus. */
const longest = ({ name }: Mechanism): number =>
  name === 'ed25519' || name === 'ml-dsa' ? LIMITS.streamBufferBytes : LIMITS.modulusBitsMax / 8

function kept(mechanism: Mechanism): MessageStream {
  const message = heldMessage(longest(mechanism), `The mechanism ${mechanism.name}`)
  return {
    update: message.add,
    sign: (key) => key.sign(mechanism, message.whole()),
    verify: (key, signature) => key.verify(mechanism, message.whole(), signature),
    held: message.bytes,
    close: message.close,
  }
}
