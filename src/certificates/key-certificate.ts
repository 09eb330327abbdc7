/** A certificate that a key of the HSM signs for itself, for programs that see a private key only beside a certificate. */
import type { WeierstrassCurve } from '../contract/algorithms.ts'
import type {
  KeyCertificateRequest,
  KeyCertificates,
  MakeKeyCertificate,
} from '../contract/key-certificates.ts'
import { x509Library } from './x509-library.ts'

/** What makes them where they are wanted. */
export const keyCertificateMaker = (wanted: KeyCertificates | undefined): MakeKeyCertificate | undefined =>
  wanted === 'on-demand' ? keyCertificate : undefined

/** RFC 5280 §4.1.2.5: it has no end. What the key may do is for the HSM to say. */
const [FROM, UNTIL] = [new Date('2000-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59Z')]
/** RFC 5280 §A.1, ub-common-name. */
const NAME_LENGTH = 64

/** The names that the Web Cryptography API has for curves, and the library. It does not know secp224r1. */
const NAMED_CURVES: Readonly<Partial<Record<WeierstrassCurve, string>>> = {
  secp256r1: 'P-256',
  secp256k1: 'K-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

/**
 * In DER. All but the signature is always the same for the same request. Undefined for a key of a kind for which it makes none.
 * Throws what `sign` throws.
 */
async function keyCertificate(request: KeyCertificateRequest): Promise<Uint8Array | undefined> {
  const { key, hash, publicKeyInfo, name, serialNumber, sign } = request
  const namedCurve = key === 'rsa' ? undefined : NAMED_CURVES[key]
  if (key !== 'rsa' && namedCurve === undefined) return undefined
  const x509 = await x509Library()
  const algorithm = {
    ...(namedCurve === undefined ? { name: 'RSASSA-PKCS1-v1_5' } : { name: 'ECDSA', namedCurve }),
    hash: hash.replace('sha', 'SHA-'),
  }
  // The library hands what is to be signed to whatever it is given as Web Cryptography API.
  const subtle = {
    sign: (_algorithm: unknown, _key: unknown, data: ArrayBuffer) => sign(new Uint8Array(data)),
  }
  const commonName = { utf8String: [...name].slice(0, NAME_LENGTH).join('') }
  const subject = new x509.Name([{ CN: [commonName] }])
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject,
      issuer: subject,
      publicKey: publicKeyInfo,
      signingKey: { algorithm } as never,
      signingAlgorithm: algorithm,
      notBefore: FROM,
      notAfter: UNTIL,
      serialNumber,
      extensions: [new x509.BasicConstraintsExtension(false, undefined, true)],
    },
    { subtle } as never,
  )
  return new Uint8Array(certificate.rawData)
}
