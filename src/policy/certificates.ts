import { LIMITS } from '../contract/limits.ts'
import type { CertificateRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny } from './decision.ts'

/** How many certificates there are that count towards the same limit. */
export const certificateFits = (has: number): Decision<void> =>
  has < LIMITS.certificates ? allow(undefined) : deny('certificate-capacity')

/** Every crypto user reads certificates; only the owner changes and deletes them. */
export const mayChangeCertificate = (
  actor: Actor,
  certificate: CertificateRecord | undefined,
): Decision<CertificateRecord> => {
  if (!certificate) return deny('certificate-not-found')
  const may = actor.role === 'crypto-user' && certificate.owner === actor.id
  return may ? allow(certificate) : deny('not-owner', 'User does not own the certificate')
}
