/** Which segments there are, how large they are together, and dropping those that are not kept. */
import type { JournalHead } from '../model/records.ts'
import type { Tail } from './entries.ts'
import { type Retention, SMALLEST_SEGMENT, segmentBytes, surplus } from './retention.ts'
import { type Place, readHeader, removeSegment, type SegmentFile } from './segments.ts'

export type Begin = Pick<JournalHead, 'first' | 'previous'>

export interface KeptFiles {
  /** Where the journal begins; undefined when there is no file. */
  begin(): Begin | undefined
  bytes(): number
  /** A segment was begun, perhaps in the place of the newest one, which had no entry. */
  add(file: SegmentFile, previous: string): void
  /** The newest one was written to. */
  grown(bytes: number, writtenAt: number): void
  /** Drops what is not kept, once the store knows where the journal begins then. Never rejects. */
  drop(): Promise<void>
  /**
   * The same, and the oldest segment in any case: the disk is full. When there is but one, it goes if that makes room worth a commit, and
   * whoever writes to it has to begin another.
   */
  squeeze(): Promise<void>
}

export type KeptFilesNeeds = {
  readonly place: Place
  readonly retention: () => Retention
  readonly now: () => number
  readonly written: () => Tail
  readonly anchor: (head: JournalHead) => Promise<void>
  readonly onFailure: (error: unknown) => void
}

export function createKeptFiles(needs: KeptFilesNeeds, found: readonly SegmentFile[]): KeptFiles {
  const { place, retention, now } = needs
  let older = found.slice(0, -1)
  let newest = found.at(-1)
  let begin = beginOf(place, found[0])
  let bytes = found.reduce((sum, file) => sum + file.bytes, 0)
  let dropping: Promise<void> | undefined

  async function dropNow(least: number): Promise<void> {
    const policy = retention()
    const files = newest ? [...older, newest] : older
    const gone = Math.min(Math.max(least, surplus(policy, files, now(), segmentBytes(policy))), older.length)
    const kept = files[gone]
    if (gone === 0 || !kept) return
    const { previous } = readHeader(place, kept.first).header
    await needs.anchor({ first: kept.first, previous, ...needs.written() })
    begin = { first: kept.first, previous }
    for (const file of older.slice(0, gone)) {
      removeSegment(file)
      bytes -= file.bytes
    }
    older = older.slice(gone)
  }
  async function dropOnly(): Promise<void> {
    const only = newest
    const { count, hash } = needs.written()
    if (!only || older.length > 0 || only.bytes < SMALLEST_SEGMENT) return
    await needs.anchor({ first: count, previous: hash, count, hash })
    // There was room for another entry meanwhile.
    if (needs.written().count !== count) return
    removeSegment(only)
    newest = undefined
    begin = undefined
    bytes = 0
  }
  function drop(least: number): Promise<void> {
    dropping ??= (least > 0 && older.length === 0 ? dropOnly() : dropNow(least))
      .catch(needs.onFailure)
      .finally(() => {
        dropping = undefined
      })
    return dropping
  }
  return {
    begin: () => begin,
    bytes: () => bytes,
    add(file, previous) {
      begin ??= { first: file.first, previous }
      if (newest?.first === file.first) bytes -= newest.bytes
      else if (newest) older = [...older, newest]
      newest = file
      bytes += file.bytes
    },
    grown(size, writtenAt) {
      if (!newest) return
      bytes += size - newest.bytes
      newest = { ...newest, bytes: size, writtenAt }
    },
    drop: () => drop(0),
    squeeze: () => drop(1),
  }
}

/** A file whose header cannot be read is still where the journal begins: whoever reads it is told. */
function beginOf(place: Place, file: SegmentFile | undefined): Begin | undefined {
  if (!file) return undefined
  try {
    return { first: file.first, previous: readHeader(place, file.first).header.previous }
  } catch {
    return { first: file.first, previous: '' }
  }
}
