/** Which segments of a journal are kept: pure. */
import type { AuditPolicy } from '../contract/audit-policy.ts'
import type { SegmentFile } from './segments.ts'

export type Retention = Pick<AuditPolicy, 'onFull' | 'maxBytes' | 'maxAgeSeconds'>

const LARGEST_SEGMENT = 16 * 1024 ** 2
const SMALLEST_SEGMENT = 64 * 1024
/** A journal is so many segments, or more: so exact are its limits. */
const SEGMENTS = 16
const DAY_MS = 86_400_000

/** From this size on, the next entries go into a new segment. */
export const segmentBytes = ({ maxBytes }: Retention): number =>
  Math.min(LARGEST_SEGMENT, Math.max(SMALLEST_SEGMENT, Math.floor(maxBytes / SEGMENTS)))

/** And from this age on. */
export const segmentAgeMs = ({ maxAgeSeconds }: Retention): number =>
  maxAgeSeconds === undefined ? DAY_MS : Math.min(DAY_MS, (maxAgeSeconds * 1000) / SEGMENTS)

/**
 * How many of the oldest segments go. The newest, which is written to, is among them when its entries are all too old, or when it is so
 * large that others would have no room beside it, because the policy was another one when it was written.
 *
 * @param files oldest first
 * @param room bytes that must be free below the limit
 */
export function surplus(policy: Retention, files: readonly SegmentFile[], now: number, room: number): number {
  const { onFull, maxBytes, maxAgeSeconds } = policy
  let bytes = files.reduce((sum, file) => sum + file.bytes, room)
  let count = 0
  for (const file of files) {
    const isOld = maxAgeSeconds !== undefined && now - file.writtenAt > maxAgeSeconds * 1000
    const isTooMuch = onFull === 'drop-oldest' && bytes > maxBytes
    const stays = file === files.at(-1) && file.bytes < segmentBytes(policy)
    if (!isOld && (!isTooMuch || stays)) break
    bytes -= file.bytes
    count += 1
  }
  return count
}

/** How many go when the disk is full: the oldest in any case, and the only one if that makes room worth a commit. */
export const squeezed = ([oldest, ...newer]: readonly SegmentFile[]): number =>
  oldest && (newer.length > 0 || oldest.bytes >= SMALLEST_SEGMENT) ? 1 : 0
