/** Curves as CKA_EC_PARAMS names them: the DER of the curve's object identifier (PKCS#11 v2.40 mechanisms §2.3.3). */
import type { Curve } from '../../contract/algorithms.ts'

/** RFC 5480 §2.1.1.1; SEC 2 for secp256k1; RFC 8410 §3 for Ed25519. */
const OIDS: Readonly<Record<Curve, string>> = {
  secp224r1: '06052b81040021',
  secp256r1: '06082a8648ce3d030107',
  secp256k1: '06052b8104000a',
  secp384r1: '06052b81040022',
  secp521r1: '06052b81040023',
  ed25519: '06032b6570',
}

const BY_OID = new Map(Object.entries(OIDS).map(([curve, oid]) => [oid, curve as Curve]))

/** DER of the curve's object identifier (RFC 5480 §2.1.1). */
export const ecParams = (curve: Curve): Buffer => Buffer.from(OIDS[curve], 'hex')

/** Undefined for explicit parameters, and for curves that the HSM does not have. */
export const curveOf = (params: Uint8Array): Curve | undefined =>
  BY_OID.get(Buffer.from(params.buffer, params.byteOffset, params.byteLength).toString('hex'))
