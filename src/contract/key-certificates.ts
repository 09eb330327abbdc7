/** Certificates beside private keys, for PKCS#11 programs that see a key only with one, as Java does. */
import type { Hash, WeierstrassCurve } from './algorithms.ts'

/**
 * `stored`: those that somebody has stored. `on-demand`: also one that each private key signs for itself, beside every key that has none.
 */
export const KEY_CERTIFICATES = ['stored', 'on-demand'] as const
export type KeyCertificates = (typeof KEY_CERTIFICATES)[number]

/** A certificate that a key is to sign for itself. */
export type KeyCertificateRequest = {
  readonly key: 'rsa' | WeierstrassCurve
  /** Of the signature: RSASSA-PKCS1-v1_5, or ECDSA. */
  readonly hash: Hash
  /** SubjectPublicKeyInfo in DER (RFC 5280 §4.1). */
  readonly publicKeyInfo: Uint8Array
  /** Common name of subject and issuer; what is too long is cut. */
  readonly name: string
  /** In hex. */
  readonly serialNumber: string
  /** With the private key; ECDSA as r‖s. */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>
}

/** In DER; undefined for a key of a kind for which it makes none. Throws what `sign` throws. */
export type MakeKeyCertificate = (request: KeyCertificateRequest) => Promise<Uint8Array | undefined>
