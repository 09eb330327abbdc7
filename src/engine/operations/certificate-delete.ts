import { recordKey } from '../../model/records.ts'
import { mayChangeCertificate } from '../../policy/certificates.ts'
import { allow } from '../../policy/decision.ts'
import { findCertificate } from '../certificates.ts'
import { change } from '../pipelines.ts'

export const certificateDelete = change('certificate.delete', {
  decide({ view, call }, { reference }) {
    const found = mayChangeCertificate(call.actor, findCertificate(view, call, reference))
    return found.allow ? allow(undefined, { delete: recordKey(found.result) }) : found
  },
  reply: () => ({}),
})
