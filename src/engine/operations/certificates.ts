/** Certificates beside the keys: every crypto user reads them, only the owner changes them. */
import { LIMITS } from '../../contract/limits.ts'
import { checkCertificate } from '../../crypto/certificate.ts'
import { type CertificateRecord, recordKey } from '../../model/records.ts'
import { certificateFits, mayChangeCertificate, mayReadCertificates } from '../../policy/certificates.ts'
import { allow } from '../../policy/decision.ts'
import { reference, withTaken } from '../keys/references.ts'
import { sessionReference } from '../keys/session-keys.ts'
import { answer, type Committed, change } from '../pipeline/pipeline.ts'
import { certificateObject, findCertificate, visibleCertificates } from '../reply/certificate-object.ts'
import { page } from '../reply/paging.ts'

const shown = ({ parts, call }: Committed, certificate: CertificateRecord) => ({
  certificate: certificateObject(parts.store.catalog, call, certificate),
})

export const certificateCreate = change<'certificate.create', undefined, void, CertificateRecord>({
  work: (_facts, { value }) => checkCertificate(value),
  change({ view, call, cluster }, { label, id, value, session }, { parts }) {
    const has = session ? call.session?.keys.certificateCount() : view.certificateCount()
    const fits = certificateFits(has ?? 0)
    if (!fits.allow) return fits
    const certificate: CertificateRecord = {
      kind: 'certificate',
      id: session ? sessionReference(parts.random) : reference(cluster.nextReference),
      owner: call.actor.id,
      label,
      idAttribute: id,
      value: value.toString('base64'),
    }
    if (session) return allow(certificate, { put: certificate })
    const counted = withTaken(cluster, 1)
    return counted.allow ? allow(certificate, { put: certificate }, { put: counted.result }) : counted
  },
  reply: shown,
})

export const certificateChange = change<'certificate.change', CertificateRecord>({
  may({ view, call }, { reference: asked, label, id }) {
    const found = mayChangeCertificate(call.actor, findCertificate(view, call, asked))
    if (!found.allow) return found
    const before = found.result
    const after = { ...before, label: label ?? before.label, idAttribute: id ?? before.idAttribute }
    return allow(after, { put: after })
  },
  reply: shown,
})

export const certificateDelete = change<'certificate.delete', CertificateRecord>({
  may({ view, call }, { reference: asked }) {
    const found = mayChangeCertificate(call.actor, findCertificate(view, call, asked))
    return found.allow ? allow(found.result, { delete: recordKey(found.result) }) : found
  },
  reply: () => ({}),
})

/** A reference that comes before all. */
const START = '0x0000000000000000'

export const certificateList = answer<'certificate.list'>({
  may: ({ actor, here }) => mayReadCertificates(actor, here.publicObjects),
  read({ view, call }, { reference: asked, 'starting-token': token = START }) {
    if (asked !== undefined) {
      const one = findCertificate(view, call, asked)
      return allow({ certificates: one ? [certificateObject(view, call, one)] : [] })
    }
    const { items, next } = page(visibleCertificates(view, call), LIMITS.certificatePage, token)
    const fitting = items.slice(0, howManyFit(items, LIMITS.certificatePageBytes))
    const following = fitting.length < items.length ? fitting.at(-1)?.id : next
    return allow({
      certificates: fitting.map((certificate) => certificateObject(view, call, certificate)),
      ...(following !== undefined && { next_token: following }),
    })
  },
})

/** At least one, so that a list goes on. */
function howManyFit(items: readonly CertificateRecord[], bytes: number): number {
  let left = bytes
  const first = items.findIndex(({ value }, index) => {
    left -= value.length
    return left < 0 && index > 0
  })
  return first < 0 ? items.length : first
}
