/**
 * The file of a snapshot: a line in clear that says what it is, then chunks, each sealed for its place in this very file, behind
 * the chunk before it: of two that were written at the same place, when an older copy of the file was gone on with, only the one
 * fits that belongs to what comes next. Some
 * chunks end a state: what stands up to there is the whole store at one moment. What comes behind the last of those was
 * being written when the process was killed, and is not there.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { version } from '../../base/version.ts'
import { HsmError } from '../../contract/errors.ts'
import { FORMAT } from '../../model/formats.ts'
import { count, object, optional, type Read, text } from '../../model/shape.ts'
import type { Root } from '../record-set.ts'
import type { Sealer } from '../sealer.ts'

/** Of the file and its chunks. */
const LAYOUT = 2

/** Where a snapshot is, and whose it is. */
export type SnapshotPlace = {
  readonly path: string
  /** Under a key that seals snapshots alone, of this cluster and master key. */
  readonly sealer: Pick<Sealer, 'seal' | 'open'>
  /** The HSM, and what its store is on: the snapshot of another does not open. */
  readonly owner: string
}

/** A moment of a store on etcd: revisions of etcd. */
export type EtcdPoint = {
  readonly applied: number
  /** At which the root was written. */
  readonly root: number
}

/** A moment of a store. */
export type Point = {
  readonly root: Pick<Root, 'revision' | 'records' | 'digest'>
  /** As `RecordSet` has it. */
  readonly revisionSum: number
  readonly etcd?: EtcdPoint | undefined
}

/** What ends a state. */
export type Ending = Point & {
  /** When the file was begun: Unix time in milliseconds. */
  readonly begun: number
  /** In the chunks before the first ending, and in all so far. */
  readonly firstRows: number
  readonly rows: number
}

const readEnding: Read<Ending> = object<Ending>({
  root: object<Point['root']>({ revision: count, records: count, digest: text }),
  revisionSum: count,
  etcd: optional(object<EtcdPoint>({ applied: count, root: count })),
  begun: count,
  firstRows: count,
  rows: count,
})

/** Where one is gone on with. */
export type Tail = {
  /** What the next chunk comes behind. */
  readonly behind: string
  /** Up to the last ending. */
  readonly bytes: number
  readonly ending: Ending
}

/** Why a snapshot is not used, to end a sentence with. */
export const unusable = (why: string, cause?: unknown): HsmError =>
  new HsmError('store-damaged', why, { cause })

/** The line of a new file. @param id that no other file has */
export const lineOf = (id: string): string =>
  `${JSON.stringify({ 'strongroom-snapshot': LAYOUT, format: FORMAT, version, id })}\n`

const MOST_LINE_BYTES = 512
const FRAME_BYTES = 4
const ENDS = 0x8000_0000
/** Chunks are written at a megabyte; one record adds some 100 kB at most. */
const MOST_CHUNK_BYTES = 16 * 2 ** 20
const MOST_CHUNKS = 2 ** 20

/** @param behind the line, or `tagOf` the chunk before */
const contextOf = ({ owner }: SnapshotPlace, behind: string, ends: boolean) =>
  `snapshot\n${owner}\n${behind}\n${ends ? 'ends' : 'goes on'}`

const TAG_BYTES = 16
/** @param chunk sealed; no other ends with these bytes */
export const tagOf = (chunk: Buffer): string => chunk.subarray(-TAG_BYTES).toString('hex')

/** A chunk as it stands in the file. */
export function sealChunk(place: SnapshotPlace, behind: string, content: Buffer | Ending): Buffer {
  const ends = !Buffer.isBuffer(content)
  const plain = ends ? Buffer.from(JSON.stringify(content)) : content
  const sealed = place.sealer.seal(plain, contextOf(place, behind, ends))
  const frame = Buffer.alloc(FRAME_BYTES)
  frame.writeUInt32BE(ends ? sealed.length + ENDS : sealed.length)
  return Buffer.concat([frame, sealed])
}

export interface SnapshotFile {
  readonly tail: Tail
  /** Chunks with records, up to the last ending; throws as `unusable`. The bytes are the caller's. */
  chunks(): Generator<Buffer>
  [Symbol.dispose](): void
}

/**
 * @returns undefined when there is no such file
 * @throws HsmError as `unusable`, errors of the file system
 */
export function openSnapshotFile(place: SnapshotPlace): SnapshotFile | undefined {
  let file: number
  try {
    // A pipe would be waited for.
    file = openSync(place.path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return readable(file, place)
  } catch (error) {
    closeSync(file)
    throw error
  }
}

type Frame = { readonly at: number; readonly length: number; readonly ends: boolean }

function readable(file: number, place: SnapshotPlace): SnapshotFile {
  if (!fstatSync(file).isFile()) throw unusable('it is not a file')
  const line = readLine(file)
  const frames = framesOf(file, Buffer.byteLength(line))
  const sealedAt = ({ at, length }: Frame): Buffer => read(file, at, length)
  const open = (sealed: Buffer, behind: string, ends: boolean): Buffer => {
    try {
      return place.sealer.open(sealed, contextOf(place, behind, ends))
    } catch (cause) {
      throw unusable('it is damaged, or was written by another HSM', cause)
    }
  }
  const last = frames.at(-1)
  if (!last) throw unusable('it was not written to its end')
  const before = frames.at(-2)
  const sealed = sealedAt(last)
  const ending = open(sealed, before ? tagOf(sealedAt(before)) : line, true)
  const tail = {
    behind: tagOf(sealed),
    bytes: last.at + last.length,
    ending: readEnding(JSON.parse(ending.toString('utf8'))),
  }
  return {
    tail,
    *chunks() {
      let behind = line
      for (const frame of frames) {
        const chunk = sealedAt(frame)
        const bytes = open(chunk, behind, frame.ends)
        behind = tagOf(chunk)
        if (!frame.ends) yield bytes
      }
      if (behind !== tail.behind) throw unusable('it was changed while it was read')
    },
    [Symbol.dispose]: () => closeSync(file),
  }
}

function readLine(file: number): string {
  const begin = read(file, 0, MOST_LINE_BYTES).toString('latin1')
  const line = begin.slice(0, begin.indexOf('\n') + 1)
  const match = /^\{"strongroom-snapshot":\d+,.*"id":("[0-9a-f]+")\}\n$/.exec(line)
  if (!match) throw unusable('it is damaged')
  if (line !== lineOf(JSON.parse(match[1] ?? ''))) {
    throw unusable('it was written by another version of Strongroom')
  }
  return line
}

/** Up to the last ending. */
function framesOf(file: number, from: number): readonly Frame[] {
  const { size } = fstatSync(file)
  const frames: Frame[] = []
  let end = 0
  for (let at = from; at + FRAME_BYTES <= size; ) {
    const word = read(file, at, FRAME_BYTES).readUInt32BE()
    const ends = word >= ENDS
    const frame = { at: at + FRAME_BYTES, length: ends ? word - ENDS : word, ends }
    if (frame.length > MOST_CHUNK_BYTES || frames.length === MOST_CHUNKS) throw unusable('it is damaged')
    at = frame.at + frame.length
    if (at > size) break
    frames.push(frame)
    if (ends) end = frames.length
  }
  return frames.slice(0, end)
}

/** Less when the file ends before. */
function read(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const some = readSync(file, bytes, done, length - done, at + done)
    if (some === 0) break
    done += some
  }
  return bytes.subarray(0, done)
}
