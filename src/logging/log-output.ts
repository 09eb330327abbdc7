/** Where a log goes: standard output, or a file that is rotated here or moved away by others. */
import { closeSync, fstatSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { reasonAndAdvice } from '../base/reasons.ts'
import { HsmError } from '../contract/errors.ts'

export type LogOutput = {
  /** Writes one line, with its newline, before it returns. @returns false when the line is lost */
  write(line: string): boolean
  /** Goes on in the file that has the name now. */
  reopen(): void
}

/** A file that would grow beyond this is renamed, and the oldest of the renamed ones is replaced. */
const FILE_BYTES = 16 * 1024 * 1024
const OLD_FILES = 4
/** Someone who does not read a pipe may keep the HSM waiting for so long, once a line. */
const PIPE_MS = 100
const RETRY_MS = 10

/** Standard output; each line is written when the call returns, or counted as lost. */
export const standardOutput = (): LogOutput => ({
  write: (line) => wrote(1, line),
  reopen: () => undefined,
})

/**
 * Lines may be appended by several processes, and others may move the file away (logrotate): each line goes to the
 * file that has the name when it is written.
 *
 * @param path absolute
 * @throws HsmError `unavailable` when the file cannot be opened
 */
export function logFile(path: string, maxBytes: number = FILE_BYTES): LogOutput {
  let file: number
  try {
    file = open(path)
  } catch (cause) {
    throw new HsmError('unavailable', `The log ${path} cannot be opened: ${reasonAndAdvice(cause)}`, {
      cause,
    })
  }

  /** The old file is kept when the new one cannot be opened. */
  function reopen(): void {
    try {
      const next = open(path)
      closeSync(file)
      file = next
    } catch {
      // Said by whoever reads the old file: its last lines are the newest.
    }
  }

  return {
    write(line) {
      const present = statSync(path, { throwIfNoEntry: false })
      const mine = fstatSync(file)
      if (present?.ino !== mine.ino || present.dev !== mine.dev) reopen()
      else if (mine.isFile() && mine.size > 0 && mine.size + line.length > maxBytes) {
        rotate(path)
        reopen()
      }
      return wrote(file, line)
    },
    reopen,
  }
}

const open = (path: string): number => openSync(path, 'a', 0o600)

/** `log` becomes `log.1`, that `log.2`, and so on. A file that cannot be renamed goes on growing. */
function rotate(path: string): void {
  const name = (age: number) => (age === 0 ? path : `${path}.${age}`)
  for (let age = OLD_FILES - 1; age >= 0; age--) {
    try {
      renameSync(name(age), name(age + 1))
    } catch {
      // Not there yet, mostly.
    }
  }
}

/** A log that cannot be written (full disk, closed pipe) is no reason to end: its lines are counted as lost. */
function wrote(file: number, line: string): boolean {
  let rest = Buffer.from(line)
  let waited = 0
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(file, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || waited >= PIPE_MS) return false
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
      waited += RETRY_MS
    }
  }
  return true
}
