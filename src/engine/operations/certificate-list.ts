import { allow } from '../../policy/decision.ts'
import { certificateObject, findCertificate, visibleCertificates } from '../certificates.ts'
import { read } from '../pipelines.ts'

export const certificateList = read<'certificate.list'>(({ view, call }, { reference }) => {
  const one = reference === undefined ? undefined : findCertificate(view, call, reference)
  const certificates = reference === undefined ? visibleCertificates(view, call) : one ? [one] : []
  return allow({
    certificates: certificates.map((certificate) => certificateObject(view, call, certificate)),
  })
})
