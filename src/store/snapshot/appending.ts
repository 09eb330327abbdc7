/** Writing chunks to the file of a snapshot: a new one, or behind what stands in it. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CatalogView } from '../../catalog/catalog.ts'
import type { RecordKey } from '../../model/records.ts'
import type { RecordSet } from '../record-set.ts'
import { createChunk } from './chunk.ts'
import { type Ending, lineOf, type Point, type SnapshotPlace, sealChunk, type Tail, tagOf } from './file.ts'

/** The state of the store as it is now. Within one synchronous stretch of code all of it is of one moment. */
export type SnapshotSource = {
  readonly catalog: CatalogView
  readonly records: () => RecordSet
  readonly point: () => Point
}

export type Appending = AsyncDisposable & {
  /** Takes the record with that key as it is now; undefined values of it, too, which say that it is gone. */
  put(key: string): void
  /** Writes what was put, if that is enough for a chunk. */
  write(): Promise<void>
  /** Rows in the file so far. */
  rows(): number
  /** Everything is on disk when it resolves. */
  end(ending: Ending): Promise<Tail>
}

const CHUNK_ROWS = 1000
const CHUNK_BYTES = 2 ** 20

/** @param from what stands in the file already; left out, it is a new one */
export async function appending(
  place: SnapshotPlace,
  { catalog, records }: SnapshotSource,
  path: string,
  from?: Tail,
): Promise<Appending> {
  const line = lineOf(randomBytes(16).toString('hex'))
  const file = from ? await openAt(path, from.bytes) : await openNew(path)
  let { behind, bytes } = from ?? { behind: line, bytes: 0 }
  let rows = from?.ending.rows ?? 0
  let chunk = createChunk()
  let unwritten: Buffer[] = from ? [] : [Buffer.from(line)]

  function append(content: Buffer | Ending): void {
    const sealed = sealChunk(place, behind, content)
    unwritten.push(sealed)
    behind = tagOf(sealed)
  }
  function seal(): void {
    if (chunk.rows() > 0) append(chunk.finish())
    chunk = createChunk()
  }
  async function flush(): Promise<void> {
    const content = Buffer.concat(unwritten)
    unwritten = []
    const at = bytes
    bytes += content.length
    for (let done = 0; done < content.length; ) {
      done += (await file.write(content, done, content.length - done, at + done)).bytesWritten
    }
  }

  return {
    put(key) {
      const revision = records().revisions.get(key)
      chunk.add(key, revision, revision === undefined ? undefined : catalog.get(key as RecordKey))
      rows += 1
    },
    async write() {
      if (chunk.rows() < CHUNK_ROWS && chunk.bytes() < CHUNK_BYTES) return
      seal()
      await flush()
    },
    rows: () => rows,
    async end(ending) {
      seal()
      append(ending)
      await flush()
      await file.datasync()
      return { behind, bytes, ending }
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

async function openNew(path: string): Promise<FileHandle> {
  await rm(path, { force: true })
  return open(path, 'wx', 0o600)
}

/** Behind that is only what was being written when a process was killed. */
async function openAt(path: string, bytes: number): Promise<FileHandle> {
  const file = await open(path, 'r+')
  try {
    await file.truncate(bytes)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** More than a record takes in a snapshot, so that the database is left some. */
const ROOM_BYTES = 1024

/** Throws when a snapshot could take the last of the disk. @param path of the snapshot */
export async function refuseLittleRoom(path: string, records: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path))
  if (bavail * bsize < records * ROOM_BYTES) throw new Error('There is too little room on the disk')
}
