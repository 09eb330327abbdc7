import type { CatalogView } from '../../catalog/catalog.ts'
import type { AuditPolicy } from '../../contract/audit-policy.ts'
import type { Checked, Reply } from '../../contract/operations.ts'
import { auditPolicyOf, setAuditPolicy } from '../../policy/audit-policy.ts'
import { allow } from '../../policy/decision.ts'
import { clusterOf } from '../cluster-state.ts'
import { answer, change } from '../pipeline/pipeline.ts'

export const auditSetPolicy = change<'audit.set-policy', void>({
  may: ({ cluster }, request) => setAuditPolicy(cluster, changesOf(request)),
  reply: ({ parts }) => shownPolicy(parts.store.catalog),
})

export const auditShowPolicy = answer<'audit.show-policy'>({ read: ({ view }) => allow(shownPolicy(view)) })

function changesOf(request: Checked<'audit.set-policy'>): Partial<AuditPolicy> {
  const age = request['max-age-seconds']
  return {
    ...(request['key-use'] && { keyUse: request['key-use'] }),
    ...(request['on-full'] && { onFull: request['on-full'] }),
    ...(request['max-bytes'] !== undefined && { maxBytes: request['max-bytes'] }),
    ...(age !== undefined && { maxAgeSeconds: age ?? undefined }),
  }
}

function shownPolicy(view: CatalogView): Reply<'audit.show-policy'> {
  const { keyUse, onFull, maxBytes, maxAgeSeconds } = auditPolicyOf(clusterOf(view))
  return {
    'key-use': keyUse,
    'on-full': onFull,
    'max-bytes': maxBytes,
    'max-age-seconds': maxAgeSeconds ?? null,
  }
}
