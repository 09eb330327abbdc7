/** ECDSA (FIPS 186-5 §6.4) with signatures as `r‖s`, over data or over a digest of it. */
import { hash, type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { CURVES, type WeierstrassCurve } from '../contract/algorithms.ts'
import { fromDer, toDer } from '../contract/ecdsa-signature.ts'
import type { Mechanism } from '../contract/mechanisms.ts'
import { isQuickCurve, isQuickMessage, queueOnEventLoop } from './event-loop.ts'
import { checkAnyDigest, checkDigest, mechanismAmong, type Named } from './mechanism-rules.ts'
import { opensslAvailable } from './openssl.ts'
import { type NativeKey, verifyDigest } from './openssl-signatures.ts'
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
 * In the thread pool, but for what is quick. OpenSSL through FFI has no pool: there a digest on a slow curve waits for its
 * turn instead. A quick message is hashed first and signed with the context that OpenSSL's key keeps, which `crypto.sign`
 * would make anew.
 */
export function ecdsaSigner(key: KeyObject, curve: WeierstrassCurve, native: NativeKey): Signer {
  const options = { key, dsaEncoding } as const
  const quick = isQuickCurve(curve)
  const width = CURVES[curve].fieldBytes
  const signDigest = (digest: Buffer): Buffer =>
    fallback ? fallback.signDigest(key, curve, digest) : Buffer.from(fromDer(native.sign(digest), width))

  return {
    check,
    sign(mechanism, data) {
      const checked = check(mechanism)
      if (!isRaw(checked, data)) return quick ? signDigest(data) : queueOnEventLoop(() => signDigest(data))
      if (!quick || !isQuickMessage(data)) return signInPool(checked.hash, data, options)
      return fallback ? sign(checked.hash, data, options) : signDigest(hash(checked.hash, data, 'buffer'))
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
