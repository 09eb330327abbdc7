/** ML-DSA (FIPS 204) with an empty context, over data or over mu. */
import { type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import type { MlDsaAlgorithm } from '../contract/algorithms.ts'
import type { Mechanism } from '../contract/mechanisms.ts'
import { queueOnEventLoop } from './event-loop.ts'
import { checkMu, mechanismAmong, type Named, unavailable } from './mechanism-rules.ts'
import { opensslAvailable } from './openssl.ts'
import { type NativeKey, verifyDigest } from './openssl-signatures.ts'
import type { Signer, Verifier } from './signing-keys.ts'

const signInPool = promisify(sign)

/** Sizes in bytes (FIPS 204 §4 table 2). */
export const ML_DSA_SIZES = {
  'ML-DSA-44': { publicKey: 1312, privateKey: 2560, signature: 2420 },
  'ML-DSA-65': { publicKey: 1952, privateKey: 4032, signature: 3309 },
  'ML-DSA-87': { publicKey: 2592, privateKey: 4896, signature: 4627 },
} as const satisfies Record<MlDsaAlgorithm, object>

function check(mechanism: Mechanism): Named<'ml-dsa'> {
  const checked = mechanismAmong(mechanism, ['ml-dsa'], 'ml-dsa')
  if (checked.input === 'external-mu' && !opensslAvailable()) throw unavailable('external-mu with ml-dsa')
  return checked
}

/** FIPS 204 §5.2, with an empty context. */
export function mlDsaSigner(key: KeyObject, algorithm: MlDsaAlgorithm, native: NativeKey): Signer {
  const scheme = { name: 'external-mu', algorithm } as const
  return {
    check,
    sign(mechanism, data) {
      if (check(mechanism).input === 'raw') return signInPool(null, data, key)
      checkMu(data)
      return queueOnEventLoop(() => native.sign(data, scheme))
    },
  }
}

/** FIPS 204 §5.3, with an empty context. */
export function mlDsaVerifier(key: KeyObject, algorithm: MlDsaAlgorithm, spki: Uint8Array): Verifier {
  const scheme = { name: 'external-mu', algorithm } as const
  return {
    check,
    verify(mechanism, data, signature) {
      const { input } = check(mechanism)
      if (input === 'external-mu') checkMu(data)
      if (signature.length !== ML_DSA_SIZES[algorithm].signature) return false
      return input === 'raw'
        ? verify(null, data, key, signature)
        : verifyDigest(spki, data, signature, scheme)
    },
  }
}
