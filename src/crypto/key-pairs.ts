/** RSA and EC key pairs, made in the thread pool. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { CURVES, type Curve } from '../contract/mechanisms.ts'

/** DER. `pkcs8` is the private key in clear: whoever has it wipes it. */
export type KeyPair = { readonly spki: Buffer; readonly pkcs8: Buffer }

const generate = promisify(generateKeyPair)

const DER = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const

/** @param publicExponent odd, as FIPS 186-5 §A.1.1 has it */
export async function generateRsaPair(modulusBits: number, publicExponent: number): Promise<KeyPair> {
  const pair = await generate('rsa', { modulusLength: modulusBits, publicExponent, ...DER })
  return { spki: pair.publicKey, pkcs8: pair.privateKey }
}

/** The curve is named in both halves, the point not compressed (RFC 5480 §2). */
export async function generateEcPair(curve: Curve): Promise<KeyPair> {
  const pair = await generate('ec', { namedCurve: CURVES[curve].openssl, paramEncoding: 'named', ...DER })
  return { spki: pair.publicKey, pkcs8: pair.privateKey }
}
