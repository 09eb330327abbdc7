/** The cluster's own CA, and the certificate by which clients know an HSM. */
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { x509Library } from './x509-library.ts'

/** PEM: a PKCS #8 private key and its certificate. */
export type Identity = { readonly key: string; readonly cert: string }

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 86_400_000
const CA_DAYS = 3652
/** Clocks of clients may be behind, and the clock of the HSM may have been ahead. Its CA is known by its file, not its age. */
const CA_FROM = new Date(Date.UTC(2000, 0, 1))
const SERVER_BACKDATED_DAYS = 364
/** 825 days in all: Apple's clients refuse server certificates that are valid for longer. */
const SERVER_DAYS = 825 - SERVER_BACKDATED_DAYS - 1
const RENEW_DAYS = 30

/** @param now Unix time in milliseconds */
export async function createAuthority(clusterId: string, now: number): Promise<Identity> {
  const x509 = await x509Library()
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`Strongroom ${clusterId} CA`] }],
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: CA_FROM,
    notAfter: daysAfter(now, CA_DAYS),
    serialNumber: serialNumber(),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { key: await exportKey(keys.privateKey), cert: pem(cert) }
}

/**
 * @param names host names and addresses that the certificate names; at least one
 * @param now Unix time in milliseconds
 */
export async function issueServerCertificate(
  authority: Identity,
  names: readonly string[],
  now: number,
): Promise<Identity> {
  const x509 = await x509Library()
  const issuer = new x509.X509Certificate(authority.cert)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const cert = await x509.X509CertificateGenerator.create({
    subject: [{ CN: names.slice(0, 1) }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm: ALGORITHM,
    notBefore: daysAfter(now, -SERVER_BACKDATED_DAYS),
    notAfter: daysAfter(now, SERVER_DAYS),
    serialNumber: serialNumber(),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({
          type: isIP(value) ? ('ip' as const) : ('dns' as const),
          value,
        })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  return { key: await exportKey(keys.privateKey), cert: pem(cert) }
}

/** Whether the certificate is still good for a while, names all this, belongs to its key and comes from this CA. */
export function isFit(server: Identity, caCert: string, names: readonly string[], now: number): boolean {
  try {
    const cert = new X509Certificate(server.cert)
    const ca = new X509Certificate(caCert)
    return (
      cert.validToDate > daysAfter(now, RENEW_DAYS) &&
      cert.validFromDate.getTime() <= now &&
      names.every((name) => isNamed(cert, name)) &&
      cert.checkPrivateKey(createPrivateKey(server.key)) &&
      cert.verify(ca.publicKey)
    )
  } catch {
    return false // what cannot be read is made anew
  }
}

/** Both in PEM and readable. */
export const isFrom = (cert: string, caCert: string): boolean =>
  new X509Certificate(cert).verify(new X509Certificate(caCert).publicKey)

/**
 * Why clients refuse whatever this CA has signed; undefined when they do not.
 *
 * @param now Unix time in milliseconds
 */
export function authorityProblem(caCert: string, now: number): string | undefined {
  const { validFromDate: from, validToDate: to } = new X509Certificate(caCert)
  if (from.getTime() > now) {
    return `The certificate of the CA is valid from ${from.toISOString()} only: a clock was ahead when it was made, or is behind now`
  }
  return to.getTime() < now ? `The certificate of the CA was valid until ${to.toISOString()}` : undefined
}

const isNamed = (cert: X509Certificate, name: string): boolean =>
  (isIP(name) ? cert.checkIP(name) : cert.checkHost(name)) !== undefined

const daysAfter = (now: number, days: number): Date => new Date(now + days * DAY_MS)

/** 127 random bits, positive (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

const pem = (certificate: { toString(format: 'pem'): string }): string =>
  `${certificate.toString('pem').trim()}\n`

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const text = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  })
  der.fill(0)
  return text.toString()
}

async function importKey(key: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(key).export({ format: 'der', type: 'pkcs8' })
  try {
    return await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign'])
  } finally {
    der.fill(0)
  }
}
