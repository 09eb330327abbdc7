import type { CertificateRecord } from '../../model/records.ts'
import { mayChangeCertificate } from '../../policy/certificates.ts'
import { allow } from '../../policy/decision.ts'
import { certificateObject, findCertificate } from '../certificates.ts'
import { change } from '../pipelines.ts'

export const certificateChange = change<'certificate.change', undefined, CertificateRecord>(
  'certificate.change',
  {
    decide({ view, call }, { reference, label, id }) {
      const found = mayChangeCertificate(call.actor, findCertificate(view, call, reference))
      if (!found.allow) return found
      const before = found.result
      const after = { ...before, label: label ?? before.label, idAttribute: id ?? before.idAttribute }
      return allow(after, { put: after })
    },
    reply: ({ store }, call, certificate) => ({
      certificate: certificateObject(store.catalog, call, certificate),
    }),
  },
)
