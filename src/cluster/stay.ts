/** One registration of a node, under a lease of its own: how it begins, what can be proven under it, how it ends. */
import type { Coordination, LeaseId } from '../store/store.ts'
import {
  ackKey,
  EVERYTHING,
  nodeKey,
  type Registration,
  writeAcknowledgement,
  writeRegistration,
} from './registration.ts'

export type Stay = { readonly id: string; readonly lease: LeaseId; readonly revision: number }

/**
 * Undefined when there was a registration of this node already, which is then removed. It may be of an earlier life
 * of it; whether that life is over is for the others to wait out.
 */
export async function beginStay(
  coordination: Coordination,
  self: Omit<Registration, 'revision'>,
  leaseSeconds: number,
): Promise<Stay | undefined> {
  const key = nodeKey(self.id)
  const { lease } = await coordination.grantLease(leaseSeconds)
  const revision = await coordination.put(key, writeRegistration(self), lease, 0)
  if (revision !== undefined) return { id: self.id, lease, revision }
  await coordination.revokeLease(lease)
  const { members } = await coordination.readMembers('node/')
  for (const former of members) if (former.key === key) await coordination.revokeLease(former.lease)
  return undefined
}

/**
 * Proves that this node was registered, and has every commit that was made, at some moment after the call.
 *
 * @returns the newest commit, which is applied; undefined when the registration is gone
 */
export async function prove(coordination: Coordination, stay: Stay): Promise<number | undefined> {
  const [{ members }, newest] = await Promise.all([
    coordination.readMembers('node/'),
    coordination.newestCommit(),
  ])
  const key = nodeKey(stay.id)
  if (!members.some((member) => member.key === key && member.revision === stay.revision)) return undefined
  await coordination.appliedAtLeast(newest)
  return newest
}

/** @returns false when the registration is gone */
export async function acknowledge(
  coordination: Coordination,
  { id, lease }: Stay,
  boot: string,
  revision: number,
): Promise<boolean> {
  const written = await coordination.put(ackKey(id), writeAcknowledgement({ boot, revision }), lease)
  return written !== undefined
}

/** To be called when this process serves no more: the others need not wait for it. */
export async function depart(coordination: Coordination, stay: Stay, boot: string): Promise<void> {
  await acknowledge(coordination, stay, boot, EVERYTHING)
  await coordination.revokeLease(stay.lease)
}
