/** ECDSA of values that are hashed already, in JavaScript: loaded only where `openssl.ts` cannot work. */
import type { KeyObject } from 'node:crypto'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { WeierstrassCurve } from '../contract/algorithms.ts'
import { HsmError } from '../contract/errors.ts'

const IMPLEMENTATIONS = {
  secp256r1: p256,
  secp256k1,
  secp384r1: p384,
  secp521r1: p521,
} as const

/** As OpenSSL does it: no hashing, no preference for the smaller of `s` and `n - s`. */
const PLAIN = { prehash: false, lowS: false, format: 'compact' } as const

/** @returns `r‖s` */
export function signDigest(key: KeyObject, curve: WeierstrassCurve, digest: Uint8Array): Buffer {
  const implementation = implementationOf(curve)
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url')
  try {
    return Buffer.from(implementation.sign(digest, scalar, { ...PLAIN, extraEntropy: true }))
  } finally {
    scalar.fill(0)
  }
}

/** @param signature `r‖s`; whatever else it is, the answer is false */
export function verifyDigest(
  key: KeyObject,
  curve: WeierstrassCurve,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const implementation = implementationOf(curve)
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  try {
    return implementation.verify(signature, digest, point, PLAIN)
  } catch {
    return false
  }
}

function implementationOf(curve: WeierstrassCurve) {
  if (curve !== 'secp224r1') return IMPLEMENTATIONS[curve]
  throw new HsmError('invalid-mechanism', 'A digest cannot be used with secp224r1 here: no access to OpenSSL')
}
