/** Signing, verifying, encrypting and decrypting in one request. Work that needs no waiting is synchronous. */
import { setImmediate } from 'node:timers/promises'
import { NO_BYTES } from '../../base/bytes.ts'
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import { HsmError } from '../../contract/errors.ts'
import { checkNonce, cipherStream, withIv } from '../../crypto/ciphers/ciphers.ts'
import { mayDecrypt, mayEncrypt } from '../../policy/key-encryption.ts'
import { maySign, mayVerify } from '../../policy/key-signing.ts'
import { answer } from '../pipeline/pipeline.ts'
import { whole } from './ciphering.ts'

export const cryptoSign = answer<'crypto.sign'>({
  may: maySign,
  work: ({ actor, key }, { mechanism, data }, { parts: { keyring }, check }) =>
    keyring.withSigningKey(key, actor.session, (signingKey) => {
      const sign = (item: Buffer): MaybePromise<Buffer> => {
        check()
        return signingKey.sign(mechanism, item)
      }
      return andThen(each(data, sign), (signatures) => ({ 'key-reference': key.id, signatures }))
    }),
})

/** One needs no waiting of its own. Of several all have ended before this does, even when one has failed. */
function each(
  items: readonly Buffer[],
  body: (item: Buffer) => MaybePromise<Buffer>,
): MaybePromise<Buffer[]> {
  const [first] = items
  if (items.length === 1 && first !== undefined) return andThen(body(first), (result) => [result])
  const results = items.map(async (item) => body(item))
  return Promise.allSettled(results).then(() => Promise.all(results))
}

/** Verifications run on the event loop; a large batch lets others have a turn after so many. */
const AT_ONCE = 8

export const cryptoVerify = answer<'crypto.verify'>({
  may: mayVerify,
  work({ actor, key }, { mechanism, data, signatures }, { parts: { keyring }, check }) {
    if (data.length !== signatures.length) {
      throw new HsmError('invalid-request', 'signatures must be as many as data')
    }
    return keyring.withVerifyingKey(key, actor.session, (verifyingKey) => {
      const verify = (at: number): boolean => {
        check()
        return verifyingKey.verify(mechanism, data[at] ?? NO_BYTES, signatures[at] ?? NO_BYTES)
      }
      return andThen(inTurns(data.length, verify), (verified) => ({ 'key-reference': key.id, verified }))
    })
  },
})

function inTurns<R>(count: number, body: (at: number) => R): MaybePromise<R[]> {
  const some = (from: number): R[] =>
    Array.from({ length: Math.min(AT_ONCE, count - from) }, (_none, at) => body(from + at))
  return count <= AT_ONCE ? some(0) : many()

  async function many(): Promise<R[]> {
    const results = some(0)
    while (results.length < count) {
      await setImmediate()
      results.push(...some(results.length))
    }
    return results
  }
}

export const cryptoEncrypt = answer<'crypto.encrypt'>({
  may: mayEncrypt,
  work: ({ actor, key }, { cipher, data }, { parts: { keyring }, check }) =>
    keyring.withKeyObject(key, actor.session, (object) => {
      checkNonce(cipher, data.length)
      const ivs: Buffer[] = []
      const encrypted = whole(data, check, object, () => {
        const { cipher: complete, made } = withIv(cipher)
        if (made !== undefined) ivs.push(made)
        return cipherStream(object, complete, 'encrypt')
      })
      return andThen(encrypted, (results) => ({
        'key-reference': key.id,
        data: results,
        ...(ivs.length > 0 && { ivs }),
      }))
    }),
})

export const cryptoDecrypt = answer<'crypto.decrypt'>({
  may: mayDecrypt,
  work: ({ actor, key }, { cipher, data }, { parts: { keyring }, check }) =>
    keyring.withKeyObject(key, actor.session, (object) =>
      andThen(
        whole(data, check, object, () => cipherStream(object, cipher, 'decrypt')),
        (results) => ({ 'key-reference': key.id, data: results }),
      ),
    ),
})
