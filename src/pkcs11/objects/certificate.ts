/** What PKCS#11 shows of an X.509 certificate (v2.40 §4.6.3). */
import { createHash } from 'node:crypto'
import { type Element, elements } from '../../base/der.ts'
import type { CertificateObject } from '../../contract/certificates.ts'
import { CKA, CKC_X_509, CKO } from '../cryptoki/objects.ts'
import type { Value } from './value.ts'

type Names = {
  readonly serialNumber: Buffer
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly publicKeyInfo: Buffer
}

const VERSION = 0xa0

/**
 * The DER of a few members of TBSCertificate (RFC 5280 §4.1); undefined when it is no certificate. The HSM has checked
 * those that it keeps.
 */
function namesOf(der: Buffer): Names | undefined {
  const [certificate] = elements(der) ?? []
  const [signed] = (certificate && elements(certificate.content)) ?? []
  const members = (signed && elements(signed.content)) ?? []
  const [serialNumber, , issuer, , subject, publicKeyInfo] =
    members[0]?.tag === VERSION ? members.slice(1) : members
  if (!serialNumber || !issuer || !subject || !publicKeyInfo) return undefined
  const whole = ({ whole }: Element) => Buffer.from(whole)
  return {
    serialNumber: whole(serialNumber),
    issuer: whole(issuer),
    subject: whole(subject),
    publicKeyInfo: whole(publicKeyInfo),
  }
}

const EMPTY = Buffer.alloc(0)
const derOf = ({ value }: CertificateObject): Buffer => value

type Getter = (certificate: CertificateObject) => Value | undefined

const READERS: Readonly<Record<number, Getter>> = {
  [CKA.CLASS]: () => CKO.CERTIFICATE,
  [CKA.TOKEN]: ({ session }) => !session,
  [CKA.PRIVATE]: () => false,
  [CKA.MODIFIABLE]: () => true,
  [CKA.COPYABLE]: () => true,
  [CKA.DESTROYABLE]: () => true,
  [CKA.LABEL]: ({ label }) => Buffer.from(label),
  [CKA.UNIQUE_ID]: ({ reference }) => Buffer.from(reference),
  [CKA.CERTIFICATE_TYPE]: () => CKC_X_509,
  [CKA.TRUSTED]: () => false,
  [CKA.CERTIFICATE_CATEGORY]: () => 0,
  [CKA.CHECK_VALUE]: (certificate) => createHash('sha1').update(derOf(certificate)).digest().subarray(0, 3),
  [CKA.START_DATE]: () => EMPTY,
  [CKA.END_DATE]: () => EMPTY,
  [CKA.PUBLIC_KEY_INFO]: (certificate) => namesOf(derOf(certificate))?.publicKeyInfo,
  [CKA.SUBJECT]: (certificate) => namesOf(derOf(certificate))?.subject,
  [CKA.ID]: ({ id }) => Buffer.from(id.slice(2), 'hex'),
  [CKA.ISSUER]: (certificate) => namesOf(derOf(certificate))?.issuer,
  [CKA.SERIAL_NUMBER]: (certificate) => namesOf(derOf(certificate))?.serialNumber,
  [CKA.VALUE]: derOf,
  [CKA.URL]: () => EMPTY,
}

/** Undefined for what certificates do not have. */
export const certificateAttribute = (certificate: CertificateObject, type: number): Value | undefined =>
  READERS[type]?.(certificate)

/** Whether certificates have the attribute. */
export const certificatesHave = (type: number): boolean => READERS[type] !== undefined
