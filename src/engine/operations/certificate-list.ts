import { LIMITS } from '../../contract/limits.ts'
import type { CertificateRecord } from '../../model/records.ts'
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
  const shown = items.slice(0, howManyFit(items, LIMITS.certificatePageBytes))
  const following = shown.length < items.length ? shown.at(-1)?.id : next
  return allow({
    certificates: shown.map((certificate) => certificateObject(view, call, certificate)),
    ...(following !== undefined && { next_token: following }),
  })
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
