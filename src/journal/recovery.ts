/** What stands in the files of a journal when its HSM starts: torn ends are mended, and a journal that is not what it was is found. */
import { renameSync } from 'node:fs'
import type { JournalHead } from '../model/records.ts'
import { EMPTY, entryOf, type Tail } from './entries.ts'
import {
  openSegment,
  type Place,
  readHeader,
  removeSegment,
  type SegmentFile,
  segmentFiles,
  segmentPath,
} from './segments.ts'

/** Sequence of the oldest entry that is kept, and the hash before it. */
export type Begin = Pick<JournalHead, 'first' | 'previous'>

export type Recovered = {
  /** Oldest first. */
  readonly files: readonly SegmentFile[]
  /** Where the journal begins, whether that is there or not; undefined when nothing is kept. */
  readonly begin: Begin | undefined
  readonly tail: Tail
  /** The newest segment goes on after so many bytes; undefined when a new one must be begun. */
  readonly whole: { readonly first: number; readonly bytes: number } | undefined
  /** Bytes of an entry that was being written when the HSM was killed. */
  readonly torn: number
  /** Why the journal is not the one that this HSM has written, if so. The chain goes on after what is lost. */
  readonly damage: string | undefined
}

/** @param anchored the head that the store remembers; undefined when there is none */
export async function recover(place: Place, anchored: JournalHead | undefined): Promise<Recovered> {
  const { files, torn, scanned } = await scanNewest(place)
  const known: Tail = anchored ?? EMPTY
  const lost = lostBeginning(files, anchored)
  const begin = lost === undefined ? beginOf(place, files[0]) : anchored
  if (!scanned) return { files, begin, tail: known, whole: undefined, torn, damage: lost }
  const { tail, bytes, first, hashes, broken } = scanned
  const damage = lost ?? broken ?? disagreement(known, tail, first, hashes)
  if (damage === undefined)
    return finishDropping(place, anchored, { files, begin, tail, whole: { first, bytes }, torn, damage })
  // What comes now stands after everything that was ever written.
  const after = known.count > tail.count ? known : tail
  setAside(place, files, after.count)
  return { files: segmentFiles(place.directory), begin, tail: after, whole: undefined, torn, damage }
}

/** Files are removed after the store knows where the journal begins then, so they may begin before that, and never after it. */
function lostBeginning(files: readonly SegmentFile[], anchored: JournalHead | undefined): string | undefined {
  if (!anchored || anchored.first === anchored.count) return undefined
  const { first, count } = anchored
  const next = files[0]?.first ?? count
  return next > first ? `entries ${first} to ${next - 1} were written, and the files are missing` : undefined
}

/** Removes what the HSM had dropped when it was killed. */
function finishDropping(place: Place, anchored: JournalHead | undefined, found: Recovered): Recovered {
  const { files, tail } = found
  const first = anchored?.first ?? 0
  const kept = files.filter((_, at) => (files[at + 1]?.first ?? tail.count) > first)
  if (kept.length === files.length) return found
  for (const file of files) if (!kept.includes(file)) removeSegment(file)
  const whole = kept.length > 0 ? found.whole : undefined
  return { ...found, files: kept, begin: beginOf(place, kept[0]), whole }
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

/** @param hashes of the entries of the newest segment, from `first` on */
function disagreement(known: Tail, tail: Tail, first: number, hashes: readonly string[]): string | undefined {
  if (known.count > tail.count) {
    return `it ends before entry ${tail.count}, and entries up to ${known.count - 1} were written`
  }
  const at = known.count - 1 - first
  if (at < 0) return undefined
  return hashes[at] === known.hash ? undefined : `entry ${known.count - 1} is not the one that was written`
}

type Scanned = {
  readonly first: number
  readonly tail: Tail
  readonly bytes: number
  readonly hashes: readonly string[]
  readonly broken: string | undefined
}

/** A segment that was being begun when the HSM was killed has no entry: the one before it is the newest. */
async function scanNewest(place: Place) {
  const files = [...segmentFiles(place.directory)]
  let torn = 0
  for (let newest = files.pop(); newest; newest = files.pop()) {
    const scanned = await scan(place, newest)
    if (scanned) return { files: [...files, newest], torn: torn + newest.bytes - scanned.bytes, scanned }
    torn += newest.bytes
    if (newest.bytes > HEADER_AT_MOST) {
      const broken: Scanned = {
        first: newest.first,
        tail: { ...EMPTY, count: newest.first },
        bytes: 0,
        hashes: [],
        broken: `the file that begins with entry ${newest.first} cannot be opened`,
      }
      return { files: [...files, newest], torn: 0, scanned: broken }
    }
    removeSegment(newest)
  }
  return { files, torn, scanned: undefined }
}

/** No header is larger, and a segment with entries is. */
const HEADER_AT_MOST = 512

/** Undefined when it has no header. What cannot be opened at its end was not written whole. */
async function scan(place: Place, { first, bytes: size }: SegmentFile): Promise<Scanned | undefined> {
  const segment = await openSegment(place, first).catch(() => undefined)
  if (!segment) return undefined
  const hashes: string[] = []
  let tail: Tail = { count: first, hash: segment.header.previous }
  let position = segment.begin
  try {
    for (;;) {
      const frame = await segment.frameAt(position)
      if (!frame) break
      for (const text of frame.texts) {
        const { hash } = entryOf(text, tail, place.hsm)
        hashes.push(hash)
        tail = { count: tail.count + 1, hash }
      }
      position = { at: frame.end, sequence: tail.count }
    }
  } catch {
    // A frame that cannot be opened: what is sure ends before it. The head that the store remembers says whether that is all.
  } finally {
    await segment.close()
  }
  return { first, tail, bytes: Math.min(position.at, size), hashes, broken: undefined }
}

/** A damaged file keeps the name that it is looked for under, unless the next segment needs it. */
function setAside(place: Place, files: readonly SegmentFile[], first: number): void {
  const inTheWay = files.find((file) => file.first === first)
  if (inTheWay) renameSync(inTheWay.path, `${segmentPath(place, first)}.damaged`)
}
