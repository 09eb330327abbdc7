/** ECDSA (FIPS 186-5 §6.4) with signatures as `r‖s`, over data or over a digest of it. */
import { type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { CURVES, type Curve, type Mechanism } from '../contract/mechanisms.ts'
import { fromDer, toDer } from './ecdsa-signature.ts'
import { checkDigest, ecdsaMechanism } from './mechanism-rules.ts'
import { type NativeKey, opensslAvailable, verifyDigest } from './openssl.ts'
import { inTurn } from './turns.ts'

const fallback = opensslAvailable() ? undefined : await import('./ecdsa-fallback.ts')
const signInPool = promisify(sign)
const dsaEncoding = 'ieee-p1363'

/**
 * P-256 takes less time than a way through the thread pool, so it is signed at once; the others take 10 to 80 times
 * as long. OpenSSL through FFI has no pool: there a digest waits for its turn instead.
 */
export function ecdsaSigner(key: KeyObject, curve: Curve, native: NativeKey) {
  const options = { key, dsaEncoding } as const
  const quick = curve === 'secp256r1'
  const width = CURVES[curve].fieldBytes
  const signDigest = (digest: Buffer): Buffer =>
    fallback ? fallback.signDigest(key, curve, digest) : fromDer(native.sign(digest), width)

  return (mechanism: Mechanism, data: Buffer): Buffer | Promise<Buffer> => {
    const { hash, input } = ecdsaMechanism(mechanism)
    if (input === 'raw') return quick ? sign(hash, data, options) : signInPool(hash, data, options)
    checkDigest(hash, data)
    return quick ? signDigest(data) : inTurn(() => signDigest(data))
  }
}

export function ecdsaVerifier(key: KeyObject, curve: Curve, spki: Uint8Array) {
  const options = { key, dsaEncoding } as const
  const width = CURVES[curve].fieldBytes
  const verifyDigestOf = (digest: Buffer, signature: Buffer): boolean =>
    fallback
      ? fallback.verifyDigest(key, curve, digest, signature)
      : verifyDigest(spki, digest, toDer(signature))

  return (mechanism: Mechanism, data: Buffer, signature: Buffer): boolean => {
    const { hash, input } = ecdsaMechanism(mechanism)
    if (input === 'digest') checkDigest(hash, data)
    if (signature.length !== 2 * width) return false
    return input === 'raw' ? verify(hash, data, options, signature) : verifyDigestOf(data, signature)
  }
}
