/** One registration of a node, under a lease of its own: how it begins, what can be proven under it, how it ends. */
import type { Coordination, LeaseId } from './coordination.ts'
import {
  ackKey,
  EVERYTHING,
  nodeKey,
  type Registration,
  readRegistration,
  writeAcknowledgement,
  writeRegistration,
} from './registration.ts'

/** A registration of this process that stands. No other was written at its `revision` of etcd. */
export type LeasedRegistration = { readonly id: string; readonly lease: LeaseId; readonly revision: number }

/** `leased`: it worked. `other`: who is registered under the id of this node, if it may be a process that is not over. */
export type Attempt = { readonly leased?: LeasedRegistration; readonly other?: Registration }

/** `first`: whether this is the first registration of its process. */
export type Newcomer = Registration & { readonly first: boolean }

/**
 * Without `leased` when there was a registration of this node already. That of a process which is over is removed; whether
 * all that it did is over is for the others to wait out.
 */
export async function register(
  coordination: Coordination,
  self: Newcomer,
  leaseSeconds: number,
): Promise<Attempt> {
  const key = nodeKey(self.id)
  const { lease } = await coordination.grantLease(leaseSeconds)
  const revision = await coordination.put(key, writeRegistration(self), lease, 0)
  if (revision !== undefined) return { leased: { id: self.id, lease, revision } }
  await coordination.revokeLease(lease)
  const { members } = await coordination.readMembers('node/')
  for (const former of members.filter((member) => member.key === key)) {
    const registration = readRegistration(former)
    if (!isOver(registration, former.lease, self)) return { other: registration }
    await coordination.delete(key, former.revision)
  }
  return {}
}

/** Under no lease. Nodes register under one, but whoever administers etcd can put back what stood there. */
const NO_LEASE: LeaseId = '0'

/**
 * An earlier registration of this process, or of a process before it in the same place, or none of a process at all. One that began
 * later is of a machine that was copied while it ran.
 */
const isOver = (former: Registration, lease: LeaseId, { boot, first, place, begun }: Newcomer): boolean =>
  lease === NO_LEASE ||
  former.boot === boot ||
  (place !== undefined && former.place === place && (first || former.begun < begun))

/**
 * Proves that this node was registered, and has every commit that was made, at some moment after the call.
 *
 * @returns the newest commit, which is applied; undefined when the registration is gone
 */
export async function prove(
  coordination: Coordination,
  leased: LeasedRegistration,
): Promise<number | undefined> {
  const [{ members }, newest] = await Promise.all([
    coordination.readMembers('node/'),
    coordination.newestCommit(),
  ])
  const key = nodeKey(leased.id)
  if (!members.some((member) => member.key === key && member.revision === leased.revision)) return undefined
  await coordination.appliedAtLeast(newest)
  return newest
}

/** @returns false when the registration is gone */
export async function acknowledge(
  coordination: Coordination,
  { id, lease }: LeasedRegistration,
  boot: string,
  revision: number,
): Promise<boolean> {
  const written = await coordination.put(ackKey(id), writeAcknowledgement({ boot, revision }), lease)
  return written !== undefined
}

/** To be called when this process serves no more: the others need not wait for it. */
export async function depart(
  coordination: Coordination,
  leased: LeasedRegistration,
  boot: string,
): Promise<void> {
  await acknowledge(coordination, leased, boot, EVERYTHING)
  await coordination.revokeLease(leased.lease)
}
