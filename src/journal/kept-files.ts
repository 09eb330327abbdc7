/** Which segments there are, how large they are together, and dropping those that are not kept. */
import type { JournalHead } from '../model/records.ts'
import type { Tail } from './entries.ts'
import type { Begin, Recovered } from './recovery.ts'
import { type Retention, segmentBytes, squeezed, surplus } from './retention.ts'
import { type Place, readHeader, removeSegment, type SegmentFile } from './segments.ts'

export interface KeptFiles {
  /** Where the journal begins; undefined when there is no file. */
  begin(): Begin | undefined
  bytes(): number
  /** A segment was begun, perhaps in the place of the newest one, which had no entry. */
  add(file: SegmentFile, previous: string): void
  /** The newest one was written to. */
  grown(bytes: number, writtenAt: number): void
  /**
   * Drops what is not kept, once the store knows where the journal begins then. That may be all there is: whoever writes has to begin
   * another segment. Never rejects.
   */
  drop(): Promise<void>
  /** The same, seen anew now; when the disk is full, the oldest segment in any case. */
  makeRoom(isDiskFull: boolean): Promise<void>
}

export type KeptFilesNeeds = {
  readonly place: Place
  readonly retention: () => Retention
  readonly now: () => number
  readonly written: () => Tail
  /** Bytes that are to be written next. */
  readonly waiting: () => number
  readonly anchor: (head: JournalHead) => Promise<void>
  /** Runs what anchors a head when others that do have ended: where the journal begins never goes back. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>
  readonly onFailure: (error: unknown) => void
}

export function createKeptFiles(needs: KeptFilesNeeds, found: Pick<Recovered, 'files' | 'begin'>): KeptFiles {
  const { place, retention, now, written, waiting, anchor, inTurn, onFailure } = needs
  let older = found.files.slice(0, -1)
  let newest = found.files.at(-1)
  let { begin } = found
  let bytes = sizeOf(found.files)
  let dropping: Promise<void> | undefined
  const all = () => (newest ? [...older, newest] : older)

  /** @param least how many go in any case */
  async function dropNow(least: number): Promise<void> {
    const files = all()
    const policy = retention()
    const room = Math.max(segmentBytes(policy), waiting())
    const count = Math.max(least, surplus(policy, files, now(), room))
    if (count === 0) return
    const head = written()
    const oldest = files[count]
    const next = oldest
      ? { first: oldest.first, previous: readHeader(place, oldest.first).header.previous }
      : { first: head.count, previous: head.hash }
    await anchor({ ...next, ...head })
    // Of all there is: but another entry was written meanwhile.
    if (!oldest && written().count !== head.count) return
    for (const file of files.slice(0, count)) removeSegment(file)
    keep(all().slice(count), next)
  }
  function keep(files: readonly SegmentFile[], next: Begin): void {
    older = files.slice(0, -1)
    newest = files.at(-1)
    bytes = sizeOf(files)
    begin = newest && next
  }
  function run(work: () => Promise<void>): Promise<void> {
    dropping = inTurn(work)
      .catch(onFailure)
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
    drop: () => dropping ?? run(() => dropNow(0)),
    async makeRoom(isDiskFull) {
      await dropping
      await run(() => dropNow(isDiskFull ? squeezed(all()) : 0))
    },
  }
}

const sizeOf = (files: readonly SegmentFile[]): number => files.reduce((sum, file) => sum + file.bytes, 0)
