/** The history that shells share: a file of the user's own, bounded, with one command on a line. */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { reasonOf } from '../../base/reasons.ts'
import { visible } from '../../contract/shown.ts'
import { isWhole } from '../../contract/text.ts'

export type History = {
  /** The newest first. */
  readonly lines: readonly string[]
  /** For later shells. What is longer than a line of the history, or goes over several, is left out. */
  keep(line: string): void
  close(): void
}

export const HISTORY_LINES = 1000
const LINE_LENGTH = 4096
const FILE_BYTES = 1024 * 1024

/** Kept nowhere. */
export const NO_HISTORY: History = { lines: [], keep: () => undefined, close: () => undefined }

/** @throws Error with one sentence when the file is none of the user's own, or cannot be opened */
export function openHistory(path: string): History {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants
  let file: number
  try {
    // A link would name a file of somebody's choosing, and a pipe would never open.
    file = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  } catch (error) {
    const isLink = (error as NodeJS.ErrnoException).code === 'ELOOP'
    throw new Error(`${path}: ${isLink ? 'it is a symbolic link' : reasonOf(error)}`, { cause: error })
  }
  try {
    makePrivate(file, path)
    return historyIn(file)
  } catch (error) {
    closeSync(file)
    throw error
  }
}

function makePrivate(file: number, path: string): void {
  const stats = fstatSync(file)
  const isOwn = stats.uid === process.geteuid?.() && stats.nlink === 1
  if (!stats.isFile() || !isOwn) throw new Error(`${path}: it is not a file of yours alone`)
  if ((stats.mode & 0o077) !== 0) fchmodSync(file, 0o600)
}

function historyIn(file: number): History {
  const all = linesOf(file)
  const kept = all.slice(-HISTORY_LINES)
  if (all.length > 2 * HISTORY_LINES || fstatSync(file).size > FILE_BYTES) {
    ftruncateSync(file)
    writeSync(file, kept.map((line) => `${line}\n`).join(''))
  }
  let newest = kept.at(-1)
  return {
    lines: kept.reverse(),
    keep(line) {
      if (line === newest || !fits(line)) return
      newest = line
      try {
        writeSync(file, `${line}\n`)
      } catch {
        // The command was carried out; a full disk is no reason to say anything else.
      }
    },
    close: () => closeSync(file),
  }
}

/** The end of the file, without what a terminal should not be shown. */
function linesOf(file: number): readonly string[] {
  const { size } = fstatSync(file)
  const bytes = Buffer.alloc(Math.min(size, FILE_BYTES))
  const length = readSync(file, bytes, 0, bytes.length, size - bytes.length)
  const lines = bytes.subarray(0, length).toString().split('\n')
  return (size > FILE_BYTES ? lines.slice(1) : lines).filter(fits)
}

const fits = (line: string): boolean =>
  line !== '' && line.length <= LINE_LENGTH && isWhole(line) && visible(line) === line && !line.includes('\n')
