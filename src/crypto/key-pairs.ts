/** Key pairs, made in the thread pool. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { CURVES, type Curve, type MlDsaAlgorithm } from '../contract/algorithms.ts'

/** DER. `pkcs8` is the private key in clear: whoever has it wipes it. */
export type KeyPair = { readonly spki: Buffer; readonly pkcs8: Buffer }

const generate = promisify(generateKeyPair)

const DER = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const

/** @param publicExponent odd, as FIPS 186-5 §A.1.1 has it */
export async function generateRsaPair(modulusBits: number, publicExponent: number): Promise<KeyPair> {
  return encoded(await generate('rsa', { modulusLength: modulusBits, publicExponent, ...DER }))
}

/** Of a Weierstrass curve the name is in both halves, and the point not compressed (RFC 5480 §2). */
export async function generateEcPair(curve: Curve): Promise<KeyPair> {
  if (curve === 'ed25519') return encoded(await generate('ed25519', DER))
  const namedCurve = CURVES[curve].openssl
  return encoded(await generate('ec', { namedCurve, paramEncoding: 'named', ...DER }))
}

/** The private key is its seed (RFC 9881 §6). */
export const generateMlDsaPair = async (algorithm: MlDsaAlgorithm): Promise<KeyPair> =>
  encoded(await generate(ML_DSA_TYPES[algorithm], DER))

const ML_DSA_TYPES = {
  'ML-DSA-44': 'ml-dsa-44',
  'ML-DSA-65': 'ml-dsa-65',
  'ML-DSA-87': 'ml-dsa-87',
} as const satisfies Record<MlDsaAlgorithm, string>

const encoded = (pair: { publicKey: Buffer; privateKey: Buffer }): KeyPair => ({
  spki: pair.publicKey,
  pkcs8: pair.privateKey,
})
