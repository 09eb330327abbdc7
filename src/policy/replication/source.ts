/** What may leave a cluster for a clone of it. */
import type { ClusterRecord, KeyRecord, UserRecord } from '../../model/records.ts'
import type { Actor } from '../actor.ts'
import { allow, type Decision, deny } from '../decision.ts'
import { owns } from '../key-visibility.ts'
import { mayLeave } from '../trusted-wrapping/replicas.ts'

/** What one cluster is told of another. */
export type Clone = Pick<ClusterRecord, 'clusterId' | 'trustedWrapping'>

type Between = {
  readonly here: Clone
  readonly destination: Clone
  /** Whether every HSM here has the record as this one does. */
  readonly synchronized: boolean
}

/** Owners replicate their token keys, and admins anyone's. */
export function mayExportKey(
  actor: Actor,
  key: KeyRecord,
  { here, destination, synchronized }: Between,
): Decision<void> {
  if (!mayReplicate(actor, key)) return deny('not-owner')
  if (!key.flags.token) return deny('session-key', 'Session keys cannot be replicated')
  if (!synchronized) return deny('not-synchronized')
  if (here.clusterId === destination.clusterId) return sameCluster()
  return mayLeave(here, destination)
}

/** @param wanted the role that the user is said to have */
export function mayExportUser(
  user: UserRecord | undefined,
  wanted: UserRecord['role'],
  { here, destination, synchronized }: Between,
): Decision<UserRecord> {
  if (user?.role !== wanted) return deny('user-not-found')
  if (!synchronized) return deny('not-synchronized', 'Specified user is inconsistent across the cluster')
  return here.clusterId === destination.clusterId ? sameCluster() : allow(user)
}

/** On either side: users have the same id in all clones. */
export const mayReplicate = (actor: Actor, key: KeyRecord): boolean =>
  actor.role === 'admin' || owns(actor, key)

const sameCluster = () => deny('invalid-request', 'The source and the destination are the same cluster')
