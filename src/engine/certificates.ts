/** Certificates as the operations on them find and show them. */
import type { CatalogView } from '../catalog/catalog.ts'
import type { CertificateObject } from '../contract/certificates.ts'
import type { CertificateRecord } from '../model/records.ts'
import type { Call } from './parts.ts'
import { isSessionReference } from './session-keys.ts'

/** Those of the cluster and the session's own, in the order of their references. */
export const visibleCertificates = (view: CatalogView, { session }: Call): readonly CertificateRecord[] => [
  ...view.certificates(),
  ...(session?.keys.certificates() ?? []),
]

export const findCertificate = (
  view: CatalogView,
  { session }: Call,
  reference: string,
): CertificateRecord | undefined => {
  const key = `certificate/${reference}` as const
  return (view.get(key) ?? session?.keys.get(key)) as CertificateRecord | undefined
}

/** The owner is named as long as there is such a user. */
export const certificateObject = (
  view: CatalogView,
  { actor }: Call,
  { id, owner, label, idAttribute, value }: CertificateRecord,
): CertificateObject => ({
  reference: id,
  owner: view.user(owner)?.username ?? '',
  own: owner === actor.id,
  label,
  id: idAttribute,
  value,
  session: isSessionReference(id),
})
