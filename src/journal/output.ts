/** Where frames go: to the newest segment, or to a new one when that is full, old or not to be relied on. */
import { mkdirSync } from 'node:fs'
import type { Tail } from './entries.ts'
import type { KeptFiles } from './kept-files.ts'
import type { Recovered } from './recovery.ts'
import { type Retention, segmentAgeMs, segmentBytes } from './retention.ts'
import { type Place, readHeader, removeSegment, segmentPath } from './segments.ts'
import { beginSegment, continueSegment, type SegmentWriter } from './writer.ts'

export interface Output {
  /** Hands entries to the operating system. @throws errors of the file system, with nothing written */
  write(before: Tail, texts: readonly string[]): void
  /** Rejects with errors of the file system. The next entries go into another segment then. */
  sync(): Promise<void>
  close(): void
}

type Needs = {
  readonly place: Place
  readonly retention: () => Retention
  readonly now: () => number
  readonly kept: KeptFiles
}

type Current = { readonly writer: SegmentWriter; readonly begunAt: number }

export function createOutput({ place, retention, now, kept }: Needs, recovered: Recovered): Output {
  let current: Current | undefined
  let toContinue = recovered.whole

  function begin({ count, hash }: Tail): SegmentWriter {
    mkdirSync(place.directory, { recursive: true, mode: 0o700 })
    const path = segmentPath(place, count)
    // One that has no entry may be there, of which nothing is sure.
    if (unsureFirst === count) removeSegment({ path })
    const writer = beginSegment(place, count, hash)
    kept.add({ first: count, path, bytes: writer.bytes(), writtenAt: now() }, hash)
    void kept.drop()
    return writer
  }
  let unsureFirst: number | undefined

  function resume(): SegmentWriter | undefined {
    if (!toContinue) return undefined
    const { first, bytes } = toContinue
    // It may have been dropped since the start.
    const writer =
      kept.begin() && continueSegment(place, first, { bytes, sealer: readHeader(place, first).sealer })
    toContinue = undefined
    return writer
  }
  const started = (writer: SegmentWriter): Current => ({ writer, begunAt: now() })
  function writerAfter(before: Tail): SegmentWriter {
    const resumed = resume()
    if (resumed) current = started(resumed)
    if (current && isWorn(current)) {
      const { writer } = current
      current = undefined
      writer.close()
    }
    current ??= started(begin(before))
    return current.writer
  }
  /** What is in it may not be on disk, and the next entries go elsewhere. */
  function abandon(writer: SegmentWriter): void {
    unsureFirst = writer.first
    current = undefined
    try {
      writer.close()
    } catch {
      // It was told why.
    }
  }
  /** Full, old, or dropped. */
  const isWorn = ({ writer, begunAt }: Current) =>
    kept.begin() === undefined ||
    writer.bytes() >= segmentBytes(retention()) ||
    now() - begunAt >= segmentAgeMs(retention())

  return {
    write(before, texts) {
      const writer = writerAfter(before)
      writer.write(before.count, texts)
      kept.grown(writer.bytes(), now())
    },
    async sync() {
      const syncing = current
      try {
        await syncing?.writer.sync()
      } catch (error) {
        if (syncing && current === syncing) abandon(syncing.writer)
        throw error
      }
    },
    close() {
      current?.writer.close()
      current = undefined
    },
  }
}
