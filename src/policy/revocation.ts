import type { FlagName, Template } from '../contract/attributes.ts'
import type { ClusterRecord, KeyRecord, StoredRecord, UserRecord } from '../model/records.ts'
import type { Revocation } from '../model/revocation.ts'

/** Flags that allow something while they are true, and flags that forbid something. */
const PERMITTING: readonly FlagName[] = [
  'encrypt',
  'decrypt',
  'sign',
  'verify',
  'wrap',
  'unwrap',
  'derive',
  'extractable',
  'trusted',
]
const FORBIDDING: readonly FlagName[] = ['wrap-with-trusted']

/** Which rights to use keys a committed change of one record has ended. */
export function revocationsOf(
  before: StoredRecord | undefined,
  after: StoredRecord | undefined,
): readonly Revocation[] {
  if (before?.kind === 'key') return ofKey(before, after?.kind === 'key' ? after : undefined)
  if (before?.kind === 'user') return ofUser(before, after?.kind === 'user' ? after : undefined)
  if (before?.kind === 'cluster' && after?.kind === 'cluster') return ofCluster(before, after)
  return []
}

/** What is under way was decided without the policy, and nothing tells here whether it would have been the same with it. */
const ofCluster = (before: ClusterRecord, after: ClusterRecord): readonly Revocation[] =>
  before.trustedWrapping === after.trustedWrapping ? [] : [{}]

function ofKey(before: KeyRecord, after: KeyRecord | undefined): readonly Revocation[] {
  if (!after || before.owner !== after.owner || tightened(before, after)) return [{ key: before.id }]
  return before.sharedWith
    .filter((id) => !after.sharedWith.includes(id))
    .map((user) => ({ key: before.id, user }))
}

function tightened(before: KeyRecord, after: KeyRecord): boolean {
  return (
    PERMITTING.some((name) => before.flags[name] && !after.flags[name]) ||
    FORBIDDING.some((name) => !before.flags[name] && after.flags[name]) ||
    templatesDiffer(before.wrapTemplate, after.wrapTemplate) ||
    templatesDiffer(before.unwrapTemplate, after.unwrapTemplate)
  )
}

/** Records that were decoded anew are equal without being the same object. */
export const templatesDiffer = (before: Template | undefined, after: Template | undefined): boolean =>
  JSON.stringify(before) !== JSON.stringify(after)

function ofUser(before: UserRecord, after: UserRecord | undefined): readonly Revocation[] {
  if (!after) return [{ user: before.id }]
  if (before.credentialVersion === after.credentialVersion) return []
  return [{ user: before.id, except: after.survivingSession }]
}
