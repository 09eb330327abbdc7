/** A self-signed certificate in DER, as large as a test wants it. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Extension, X509CertificateGenerator } from '@peculiar/x509'

/** An object identifier for examples (RFC 5612 §2). */
const PADDING_OID = '1.3.6.1.4.1.32473.1'

/** @param padding bytes of an extension that means nothing */
export async function certificateDer(name: string, padding = 0): Promise<Buffer> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    extensions: padding > 0 ? [new Extension(PADDING_OID, false, new Uint8Array(padding))] : [],
  })
  return Buffer.from(certificate.rawData)
}
