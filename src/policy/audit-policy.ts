/** What a cluster records of uses of its keys. */
import { type AuditPolicy, DEFAULT_AUDIT_POLICY } from '../contract/audit-policy.ts'
import type { ClusterRecord } from '../model/records.ts'
import { allow, type Decision } from './decision.ts'

/** The cluster's policy, or the default. */
export const auditPolicyOf = ({ auditPolicy }: Pick<ClusterRecord, 'auditPolicy'>): AuditPolicy =>
  auditPolicy ?? DEFAULT_AUDIT_POLICY

/** @param changes what is left out stays as it is */
export function setAuditPolicy(cluster: ClusterRecord, changes: Partial<AuditPolicy>): Decision<void> {
  const auditPolicy = { ...auditPolicyOf(cluster), ...changes }
  return allow(undefined, { put: { ...cluster, auditPolicy } })
}
