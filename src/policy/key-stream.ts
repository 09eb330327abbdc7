/** Messages in parts: each step asks for what one in a single piece does. */
import type { StreamUse } from '../contract/streams.ts'
import type { KeyRecord } from '../model/records.ts'
import { allow, type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { mayDecrypt, mayEncrypt } from './key-encryption.ts'
import { maySign, mayVerify } from './key-signing.ts'

type Using = About<'actor' | 'key' | 'circumstances'>

/** The first step. */
export function mayStream(facts: Using, use: StreamUse): Decision<void> {
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

/** A message between its steps. */
type Streaming<Begun> = {
  /** Undefined when it is over. */
  readonly begun: Begun | undefined
  /** Why its right ended, if it has. */
  readonly ended: 'revoked' | 'not-serving' | undefined
}

/** The next step. One right to the key may have ended behind the fence, and another have been given: that is no right to go on. */
export function mayContinue<Begun extends { readonly start: StreamUse }>(
  facts: Using & { readonly stream: Streaming<Begun> | undefined },
): Decision<Begun> {
  const { begun, ended } = facts.stream ?? {}
  if (ended) return deny(ended)
  if (!begun) return deny('revoked')
  const may = mayStream(facts, begun.start)
  return may.allow ? allow(begun) : may
}

/** @param key of a stream; the right to it has ended when it is gone */
export const keyOfStream = (key: KeyRecord | undefined): Decision<KeyRecord> =>
  key ? allow(key) : deny('revoked')
