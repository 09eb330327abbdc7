/** Files that are read at once and never waited for: a pipe without a writer would hold up the whole process. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'

const NOT_REGULAR = 'ERR_NOT_A_REGULAR_FILE'

/**
 * @param most bytes; what is larger is not read
 * @throws errors of the operating system, and errors with a code that `reasonOf` knows
 */
export function readRegular(path: string, most: number): Buffer {
  // A pipe is not even opened: its writer would take that for a reader.
  checkRegular(statSync(path))
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    checkRegular(fstatSync(file))
    const buffer = Buffer.alloc(most + 1)
    let length = 0
    for (let count = -1; count !== 0 && length < buffer.length; length += count) {
      count = readSync(file, buffer, length, buffer.length - length, null)
    }
    if (length > most) throw coded('ERR_FS_FILE_TOO_LARGE')
    return buffer.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

/** Whether `readRegular` refused a pipe, a device or a socket. */
export const isNotRegular = (error: unknown): boolean =>
  (error as { readonly code?: unknown } | undefined)?.code === NOT_REGULAR

function checkRegular(found: Stats): void {
  if (found.isDirectory()) throw coded('EISDIR')
  if (!found.isFile()) throw coded(NOT_REGULAR)
}

const coded = (code: string): Error => Object.assign(new Error(code), { code })
