import { LIMITS } from '../../contract/limits.ts'
import { mayReadCertificates } from '../../policy/certificates.ts'
import { allow } from '../../policy/decision.ts'
import { page } from '../../policy/paging.ts'
import { certificateObject, findCertificate, visibleCertificates } from '../certificates.ts'
import { read } from '../pipelines.ts'

/** A reference that comes before all. */
const START = '0x0000000000000000'

export const certificateList = read<'certificate.list'>(({ parts, view, call }, request) => {
  const may = mayReadCertificates(call.actor, parts.publicObjects ?? 'certificates')
  if (!may.allow) return may
  const { reference, 'starting-token': token = START } = request
  if (reference !== undefined) {
    const one = findCertificate(view, call, reference)
    return allow({ certificates: one ? [certificateObject(view, call, one)] : [] })
  }
  const decision = page(visibleCertificates(view, call), LIMITS.certificatePage, token)
  if (!decision.allow) return decision
  const { items, next } = decision.result
  return allow({
    certificates: items.map((certificate) => certificateObject(view, call, certificate)),
    ...(next !== undefined && { next_token: next }),
  })
})
