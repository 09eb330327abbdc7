import { LIMITS } from '../contract/limits.ts'
import type { PublicObjects } from '../contract/public-objects.ts'
import type { CertificateRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny } from './decision.ts'
import { owns } from './key-visibility.ts'

/** How many certificates there are that count towards the same limit. */
export const certificateFits = (has: number): Decision<void> =>
  has < LIMITS.certificates ? allow(undefined) : deny('certificate-capacity')

/** Every user reads certificates, and whoever is not logged in if the HSM shows them to anyone. */
export const mayReadCertificates = (actor: Actor, shown: PublicObjects): Decision<void> =>
  actor.role !== 'nobody' || shown === 'certificates' ? allow(undefined) : deny('not-logged-in')

/** Only the owner changes and deletes a certificate. */
export const mayChangeCertificate = (
  actor: Actor,
  certificate: CertificateRecord | undefined,
): Decision<CertificateRecord> => {
  if (!certificate) return deny('certificate-not-found')
  return owns(actor, certificate)
    ? allow(certificate)
    : deny('not-owner', 'User does not own the certificate')
}
