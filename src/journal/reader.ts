/** Reading a journal while it is written to: page after page, each entry proven to follow the one before it. */
import type { AuditEntry } from '../model/audit.ts'
import type { JournalHead } from '../model/records.ts'
import { damagedAt, entryOf, type Tail } from './entries.ts'
import {
  type Frame,
  type OpenSegment,
  openSegment,
  type Place,
  type Position,
  segmentFiles,
} from './segments.ts'

export interface Reader {
  /**
   * Entries from `first` on, or from the oldest that is kept, at most `count`, up to the head.
   *
   * @throws HsmError `store-damaged` naming the first entry that is missing or not what was written
   */
  read(head: JournalHead, first: number, count: number): Promise<readonly AuditEntry[]>
}

/** A frame that begins at or before an entry, and the hash before it. */
type Cursor = Position & { readonly segment: number; readonly hash: string }

/** Where readers stopped, so that the next page need not be looked for. */
const CURSORS = 16

/** Remembers where recent readers stopped, so that a page does not begin at the front of its file. */
export function createReader(place: Place): Reader {
  const cursors = new Map<number, Cursor>()

  function remember(next: number, cursor: Cursor): void {
    cursors.delete(next)
    cursors.set(next, cursor)
    const [oldest] = cursors.keys()
    if (cursors.size > CURSORS && oldest !== undefined) cursors.delete(oldest)
  }

  /** The segment that has the entry, and the frame to begin at. */
  async function find(sequence: number): Promise<{ segment: OpenSegment; cursor: Cursor } | undefined> {
    const first = segmentFiles(place.directory).findLast((file) => file.first <= sequence)?.first
    if (first === undefined) return undefined
    const segment = await openSegment(place, first)
    const known = cursors.get(sequence)
    const begin = { ...segment.begin, segment: first, hash: segment.header.previous }
    return { segment, cursor: known?.segment === first ? known : begin }
  }

  /** Entries of one segment from `first` on, to its end or that of the page. */
  async function readSegment(first: number, end: number): Promise<readonly AuditEntry[]> {
    const found = await find(first)
    if (!found) throw damagedAt(place.hsm, first)
    const { segment } = found
    let { cursor } = found
    const entries: AuditEntry[] = []
    try {
      while (cursor.sequence < end) {
        const frame = await segment.frameAt(cursor)
        if (!frame) break
        const { read, tail } = entriesOf(frame, cursor.hash, place.hsm)
        entries.push(...read.filter(({ sequence }) => sequence >= first && sequence < end))
        // The next page may begin within the frame.
        if (tail.count > end) break
        cursor = { segment: cursor.segment, at: frame.end, sequence: tail.count, hash: tail.hash }
      }
    } finally {
      await segment.close()
    }
    remember(first + entries.length, cursor)
    return entries
  }

  async function readFrom(first: number, end: number, previous: string | undefined) {
    const entries = await readSegment(first, end)
    const [oldest] = entries
    if (oldest && (previous === undefined || oldest.previous === previous)) return entries
    throw damagedAt(place.hsm, first)
  }

  return {
    async read(head, first, count) {
      const begin = Math.max(first, head.first)
      const end = Math.min(head.count, begin + count)
      const entries: AuditEntry[] = []
      for (let next = begin; next < end; ) {
        try {
          entries.push(...(await readFrom(next, end, entries.at(-1)?.hash)))
        } catch (error) {
          cursors.clear()
          throw isDamage(error) ? error : damagedAt(place.hsm, next)
        }
        next = (entries.at(-1)?.sequence ?? end) + 1
      }
      return entries
    },
  }
}

function entriesOf({ first, texts }: Frame, previous: string, hsm: string) {
  let tail: Tail = { count: first, hash: previous }
  const read = texts.map((text) => {
    const entry = entryOf(text, tail, hsm)
    tail = { count: tail.count + 1, hash: entry.hash }
    return entry
  })
  return { read, tail }
}

const isDamage = (error: unknown): boolean => (error as { code?: unknown }).code === 'store-damaged'
