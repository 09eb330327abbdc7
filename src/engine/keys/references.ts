/** Key references: numbers that are used once, in this cluster and, with luck to spare, in all its clones. */
import type { ClusterRecord } from '../../model/records.ts'
import { referencesFit } from '../../policy/capacity.ts'
import { all, allow, type Decision } from '../../policy/decision.ts'

/** Where a cluster that was not cloned begins. */
export const FIRST_REFERENCE = 0x1000

/**
 * A clone counts in a block of its own, chosen at random, so that keys of one can be replicated to the other under the
 * reference that they have. Session keys have references above the last block.
 */
const BLOCK = 2 ** 32
const BLOCKS = 2 ** 14

/** Where a clone begins; the first block is that of clusters that were founded. @param random four bytes at least */
export function firstOfClone(random: (bytes: number) => Uint8Array): number {
  const number = Buffer.from(random(4)).readUInt32BE()
  return (1 + (number % (BLOCKS - 1))) * BLOCK + FIRST_REFERENCE
}

/** From a number that is used once. */
export const reference = (number: number): string => `0x${number.toString(16).padStart(16, '0')}`

/** The cluster when it has given out so many references, which begin with its `nextReference`. */
export function withTaken(cluster: ClusterRecord, count: number): Decision<ClusterRecord> {
  const nextReference = cluster.nextReference + count
  const left = blockOf(nextReference) === blockOf(cluster.nextReference)
  return all(referencesFit(left), allow({ ...cluster, nextReference }))
}

/** The cluster when a key of that reference has come from a clone: if it was the cluster's own to give, it is taken. */
export function withSeen(cluster: ClusterRecord, id: string): ClusterRecord {
  const next = Number(id) + 1
  const isAhead = next > cluster.nextReference && blockOf(next) === blockOf(cluster.nextReference)
  return isAhead ? { ...cluster, nextReference: next } : cluster
}

const blockOf = (number: number): number => Math.floor(number / BLOCK)
