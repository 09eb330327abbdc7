/** ECDSA (FIPS 186-5 §6.4) with signatures as `r‖s`, over data or over a digest of it. */
import { type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { CURVES, type WeierstrassCurve } from '../contract/algorithms.ts'
import { fromDer, toDer } from '../contract/ecdsa-signature.ts'
import type { Mechanism } from '../contract/mechanisms.ts'
import { queueOnEventLoop } from './event-loop-queue.ts'
import { checkAnyDigest, checkDigest, mechanismAmong, type Named } from './mechanism-rules.ts'
import { type NativeKey, opensslAvailable, verifyDigest } from './openssl.ts'
import type { Signer, Verifier } from './signing-keys.ts'

const fallback = opensslAvailable() ? undefined : await import('./ecdsa-fallback.ts')
const signInPool = promisify(sign)
const dsaEncoding = 'ieee-p1363'

const check = (mechanism: Mechanism) => mechanismAmong(mechanism, ['ecdsa', 'ecdsa-prehashed'], 'ec')

/** Whether the data are to be hashed here; throws `invalid-data` when they are not, and cannot be a digest either. */
function isRaw(
  mechanism: Named<'ecdsa' | 'ecdsa-prehashed'>,
  data: Buffer,
): mechanism is Named<'ecdsa'> & { input: 'raw' } {
  if (mechanism.name === 'ecdsa-prehashed') checkAnyDigest(data)
  else if (mechanism.input === 'raw') return true
  else checkDigest(mechanism.hash, data)
  return false
}

/**
 * P-256 takes less time than a way through the thread pool, so it is signed at once; the others take 10 to 80 times
 * as long. OpenSSL through FFI has no pool: there a digest waits for its turn instead.
 */
export function ecdsaSigner(key: KeyObject, curve: WeierstrassCurve, native: NativeKey): Signer {
  const options = { key, dsaEncoding } as const
  const quick = curve === 'secp256r1'
  const width = CURVES[curve].fieldBytes
  const signDigest = (digest: Buffer): Buffer =>
    fallback
      ? fallback.signDigest(key, curve, digest)
      : Buffer.from(fromDer(native.sign(digest), width).buffer)

  return {
    check,
    sign(mechanism, data) {
      const checked = check(mechanism)
      if (isRaw(checked, data)) {
        return quick ? sign(checked.hash, data, options) : signInPool(checked.hash, data, options)
      }
      return quick ? signDigest(data) : queueOnEventLoop(() => signDigest(data))
    },
  }
}

/** FIPS 186-5 §6.4.2. Signatures are `r‖s`. */
export function ecdsaVerifier(key: KeyObject, curve: WeierstrassCurve, spki: Uint8Array): Verifier {
  const options = { key, dsaEncoding } as const
  const width = CURVES[curve].fieldBytes
  const verifyDigestOf = (digest: Buffer, signature: Buffer): boolean =>
    fallback
      ? fallback.verifyDigest(key, curve, digest, signature)
      : verifyDigest(spki, digest, toDer(signature))

  return {
    check,
    verify(mechanism, data, signature) {
      const checked = check(mechanism)
      const raw = isRaw(checked, data)
      if (signature.length !== 2 * width) return false
      return raw ? verify(checked.hash, data, options, signature) : verifyDigestOf(data, signature)
    },
  }
}
