/** Certificates as the operations on them find and show them. */
import type { CatalogView } from '../../catalog/catalog.ts'
import type { CertificateObject } from '../../contract/certificates.ts'
import type { CertificateRecord } from '../../model/records.ts'
import type { CallView } from '../call.ts'
import { isSessionReference } from '../keys/session-keys.ts'

/** Those of the cluster and the session's own, in the order of their references: those of sessions are the higher ones. */
export function visibleCertificates(view: CatalogView, { session }: CallView): readonly CertificateRecord[] {
  const own = session?.keys.certificates() ?? []
  return [...view.certificates(), ...[...own].sort((a, b) => (a.id < b.id ? -1 : 1))]
}

/** Of the store or of the session. Undefined when there is none. */
export const findCertificate = (
  view: CatalogView,
  { session }: CallView,
  reference: string,
): CertificateRecord | undefined => {
  const key = `certificate/${reference}` as const
  return (view.get(key) ?? session?.keys.get(key)) as CertificateRecord | undefined
}

/** The owner is named as long as there is such a user, and to those who are logged in: who has an account is told to nobody else. */
export const certificateObject = (
  view: CatalogView,
  { actor }: CallView,
  { id, owner, label, idAttribute, value }: CertificateRecord,
): CertificateObject => ({
  reference: id,
  owner: actor.role === 'nobody' ? '' : (view.user(owner)?.username ?? ''),
  own: owner === actor.id,
  label,
  id: idAttribute,
  value: Buffer.from(value, 'base64'),
  session: isSessionReference(id),
})
