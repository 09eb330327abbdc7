/**
 * The high-water mark: which state of the store was the newest that anyone was answered from. It stands in a file of
 * its own beside the database, for the database alone cannot tell that its newest commits are missing: a log that
 * was cut off or damaged looks like one that never had them. Each commit is marked before it is answered.
 *
 * The file has two slots that are written in turn, each in a sector of its own and over bytes that are allocated, so
 * that a write that is torn leaves the mark before it.
 */
import { closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeAllNow } from '../base/descriptors.ts'
import { syncDirectory, writeNew } from '../base/durable.ts'
import { count, object, text } from '../model/shape.ts'
import type { Root } from './record-set.ts'
import type { Sealer } from './sealer.ts'

/** The state it stands for: of all states of a store only this one has both. */
export type Mark = Pick<Root, 'revision' | 'digest'>

/** `torn`: a slot holds no mark, as when the machine stopped while it was written. */
export type MarkReading =
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable' }
  | { readonly state: 'whole' | 'torn'; readonly newest: Mark }

export interface MarkFile {
  /** Durable when it returns; nothing is written that stands there already. Throws errors of the file system. */
  write(mark: Mark): void
  close(): void
}

const SLOT_BYTES = 4096
const LENGTH_BYTES = 2
const CONTEXT = 'mark'

const readJson = object<Mark>({ revision: count, digest: text })

/** @param path of the database */
export const markPath = (path: string): string => `${path}-mark`

/** @param path of the mark. Throws errors of the file system. */
export function readMark(path: string, sealer: Sealer): MarkReading {
  const slots = readSlots(path, sealer)
  if (!slots) return { state: 'missing' }
  const newest = newestOf(slots)
  if (!newest) return { state: 'unreadable' }
  return { state: slots.includes(undefined) ? 'torn' : 'whole', newest }
}

/**
 * The mark to be written on from what stands there. A file that is missing or unreadable is made anew by the first
 * write, and appears whole.
 *
 * @param path of the mark
 */
export function openMark(path: string, sealer: Sealer): MarkFile {
  const slots = readSlots(path, sealer) ?? []
  let newest = newestOf(slots)
  let file = newest ? openForMarks(path) : undefined
  let next = slots[0] === newest ? 1 : 0
  return {
    write({ revision, digest }) {
      if (revision === newest?.revision && digest === newest.digest) return
      const slot = slotOf({ revision, digest }, sealer)
      if (file === undefined) file = makeFile(path, slot)
      else writeAllNow(file, slot, next * SLOT_BYTES)
      newest = { revision, digest }
      next = 1 - next
    },
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}

const newestOf = (slots: readonly (Mark | undefined)[]): Mark | undefined =>
  slots.filter((mark) => mark !== undefined).sort((a, b) => b.revision - a.revision)[0]

/** A write returns when it is on disk: the size of the file never changes, so nothing else has to be. */
const openForMarks = (path: string): number => openSync(path, constants.O_WRONLY | constants.O_DSYNC)

/** Both slots alike. */
function makeFile(path: string, slot: Buffer): number {
  const unfinished = `${path}.new`
  try {
    rmSync(unfinished, { force: true })
    writeNew(unfinished, Buffer.concat([slot, slot]), 0o600)
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  syncDirectory(dirname(path))
  return openForMarks(path)
}

/** Undefined when there is no file; a slot that holds no mark is undefined, and what is no file has none. */
function readSlots(path: string, sealer: Sealer): readonly (Mark | undefined)[] | undefined {
  let file: number
  try {
    // A pipe would be waited for.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    if (!fstatSync(file).isFile()) return []
    const slot = Buffer.alloc(SLOT_BYTES)
    return [0, 1].map((number) => {
      const length = readSync(file, slot, 0, SLOT_BYTES, number * SLOT_BYTES)
      return length === SLOT_BYTES ? openSlot(slot, sealer) : undefined
    })
  } finally {
    closeSync(file)
  }
}

function slotOf({ revision, digest }: Mark, sealer: Sealer): Buffer {
  const sealed = sealer.seal(Buffer.from(JSON.stringify({ revision, digest })), CONTEXT)
  const slot = Buffer.alloc(SLOT_BYTES)
  slot.writeUInt16BE(sealed.length)
  sealed.copy(slot, LENGTH_BYTES)
  return slot
}

function openSlot(slot: Buffer, sealer: Sealer): Mark | undefined {
  const sealed = slot.subarray(LENGTH_BYTES, LENGTH_BYTES + slot.readUInt16BE())
  try {
    return readJson(JSON.parse(sealer.open(sealed, CONTEXT).toString('utf8')))
  } catch {
    return undefined
  }
}
