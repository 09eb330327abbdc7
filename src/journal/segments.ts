/** The files of one journal in their directory, oldest first, and reading them frame by frame. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sealer } from '../crypto/seal.ts'
import {
  frameLength,
  LENGTH_BYTES,
  MAGIC,
  openFrame,
  openHeader,
  type SegmentHeader,
  sealerOf,
  segmentFirst,
  segmentName,
} from './segment.ts'

/** Whose journal it is, and what opens it. */
export type Place = {
  readonly directory: string
  readonly hsm: string
  readonly clusterId: string
  /** Of key-use journals. */
  readonly sealer: Sealer
}

export type SegmentFile = {
  readonly first: number
  readonly path: string
  readonly bytes: number
  /** Unix time in milliseconds of the newest entry in it, about. */
  readonly writtenAt: number
}

/** Sorted by their first entry. Empty when there is no such directory. */
export function segmentFiles(directory: string): readonly SegmentFile[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .flatMap((name) => {
      const first = segmentFirst(name)
      if (first === undefined) return []
      const path = join(directory, name)
      const file = statSync(path, { throwIfNoEntry: false })
      return file ? [{ first, path, bytes: file.size, writtenAt: file.mtimeMs }] : []
    })
    .sort((a, b) => a.first - b.first)
}

export const segmentPath = ({ directory }: Place, first: number): string =>
  join(directory, segmentName(first))

/** Does nothing when it is gone already. */
export const removeSegment = (file: Pick<SegmentFile, 'path'>): void => rmSync(file.path, { force: true })

/** The header of a segment, and where its frames begin. @throws Error when the file does not begin with one */
export function readHeader(place: Place, first: number) {
  const file = openSync(segmentPath(place, first), constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(file).isFile()) throw new Error('it is no file')
    const magic = readNow(file, 0, MAGIC.length)
    if (!magic?.equals(MAGIC)) throw new Error('it is no key-use journal')
    const length = frameLength(readNow(file, MAGIC.length, LENGTH_BYTES) ?? Buffer.alloc(LENGTH_BYTES))
    const at = MAGIC.length + LENGTH_BYTES
    const sealed = readNow(file, at, length)
    if (!sealed) throw new Error('it has no whole header')
    const header = openHeader(place.sealer, place.hsm, first, sealed)
    return { header, sealer: sealerOf(header, place.clusterId), bytes: at + length }
  } finally {
    closeSync(file)
  }
}

/** Undefined when there are not so many bytes. */
function readNow(file: number, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length)
  return readSync(file, bytes, 0, length, position) === length ? bytes : undefined
}

/** A frame, opened: the texts of consecutive entries. */
export type Frame = {
  readonly first: number
  readonly texts: readonly string[]
  /** Where it begins in the file, and where the next one does. */
  readonly at: number
  readonly end: number
}

/** Where a segment is read from: a frame that begins there with that entry. */
export type Position = { readonly at: number; readonly sequence: number }

export type OpenSegment = {
  readonly header: SegmentHeader
  readonly begin: Position
  /** Undefined at the end, and where less than a whole frame is left. @throws Error when it cannot be opened */
  frameAt(position: Position): Promise<Frame | undefined>
  close(): Promise<void>
}

/** @throws Error when the file is missing or damaged */
export async function openSegment(place: Place, first: number): Promise<OpenSegment> {
  const { header, sealer, bytes } = readHeader(place, first)
  const file = await open(segmentPath(place, first), constants.O_RDONLY | constants.O_NONBLOCK)
  return {
    header,
    begin: { at: bytes, sequence: first },
    async frameAt({ at, sequence }) {
      const prefix = await readSome(file, at, LENGTH_BYTES)
      if (!prefix) return undefined
      const length = frameLength(prefix)
      const sealed = await readSome(file, at + LENGTH_BYTES, length)
      if (!sealed) return undefined
      const texts = openFrame(sealer, place.hsm, sequence, sealed)
      return { first: sequence, texts, at, end: at + LENGTH_BYTES + length }
    },
    close: () => file.close(),
  }
}

async function readSome(file: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done)
    if (bytesRead === 0) return undefined
    done += bytesRead
  }
  return bytes
}
