import { checkCertificate } from '../../crypto/certificate.ts'
import type { CertificateRecord } from '../../model/records.ts'
import { certificateFits } from '../../policy/certificates.ts'
import { allow } from '../../policy/decision.ts'
import { certificateObject } from '../certificates.ts'
import { clusterOf } from '../cluster-state.ts'
import { change } from '../pipelines.ts'
import { reference, withTaken } from '../references.ts'
import { sessionReference } from '../session-keys.ts'

export const certificateCreate = change<'certificate.create', undefined, CertificateRecord>(
  'certificate.create',
  {
    prepare: async (_parts, _call, { value }) => checkCertificate(Buffer.from(value, 'base64')),
    decide({ parts, view, call }, { label, id, value, session }) {
      const has = session ? call.session?.keys.certificateCount() : view.certificateCount()
      const fits = certificateFits(has ?? 0)
      if (!fits.allow) return fits
      const cluster = clusterOf(view)
      const certificate: CertificateRecord = {
        kind: 'certificate',
        id: session ? sessionReference(parts.random) : reference(cluster.nextReference),
        owner: call.actor.id,
        label,
        idAttribute: id,
        value,
      }
      if (session) return allow(certificate, { put: certificate })
      const counted = withTaken(cluster, 1)
      return counted.allow ? allow(certificate, { put: certificate }, { put: counted.result }) : counted
    },
    reply: ({ store }, call, certificate) => ({
      certificate: certificateObject(store.catalog, call, certificate),
    }),
  },
)
