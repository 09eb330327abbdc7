/**
 * A signed statement of how far a journal goes. Ed25519 (RFC 8032 §5.1) over the canonical text of its members, so that OpenSSL alone
 * can verify it.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { Statement } from '../contract/operations/audit.ts'
import { canonicalText } from './canonical.ts'

/** @returns both as DER: SubjectPublicKeyInfo, and PKCS #8, which is the caller's to wipe */
export function newSigningKey(): { readonly publicKey: Buffer; readonly privateKey: Buffer } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  return { publicKey, privateKey }
}

/** @param privateKey PKCS #8 DER */
export function signStatement(statement: Omit<Statement, 'signature'>, privateKey: Buffer): Statement {
  const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' })
  const signature = sign(null, Buffer.from(canonicalText(statement, 'signature')), key)
  return { ...statement, signature: signature.toString('base64') }
}

/** @param der base64 SubjectPublicKeyInfo */
export const publicKeyPem = (der: string): string =>
  createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' })
    .export({ type: 'spki', format: 'pem' })
    .toString()
