import * as v from 'valibot'
import { base64 } from './bytes.ts'
import { LIMITS } from './limits.ts'
import { HASH_NAMES } from './mechanisms.ts'

/** How to derive a key. */
export const derivation = v.variant('name', [
  /**
   * Elliptic curve Diffie-Hellman with cofactor 1 (NIST SP 800-56A §5.7.1.2), then the key derivation function of
   * ANSI X9.63, or none: then the rightmost bytes of the shared x coordinate (PKCS#11 v2.40 §2.3.9).
   */
  v.strictObject({
    name: v.literal('ecdh'),
    kdf: v.picklist(['none', ...HASH_NAMES.map((name) => `x963-${name}` as const)]),
    /** The other public key: a point (SEC 1 §2.3.3), compressed or not, bare or in a DER OCTET STRING. */
    'public-point': base64(LIMITS.signatureBytes),
    /** With a key derivation function. */
    'shared-info': v.optional(base64(LIMITS.aadBytes)),
  }),
])
export type Derivation = v.InferOutput<typeof derivation>
