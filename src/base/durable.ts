/** Writes files completely, and to disk before the call returns. */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { writeAllNow } from './descriptors.ts'

/** @throws `EEXIST` when there is such a file */
export function writeNew(path: string, content: string | Uint8Array, mode: number): void {
  const file = openSync(path, 'wx', mode)
  try {
    fchmodSync(file, mode)
    overwrite(file, typeof content === 'string' ? Buffer.from(content) : content)
  } finally {
    closeSync(file)
  }
}

/** A name is durable once its directory is. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/** A failed write has left something of both contents in the file. */
const PARTLY = Symbol('partly')

/** Whether an error of `overwrite` left parts of both contents in the file. */
export const isPartlyOverwritten = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && PARTLY in error

/**
 * Gives an open file another content, on disk when the call returns. What makes it longer comes first: when the disk is
 * full the file is left as it was.
 *
 * @throws errors of the operating system; `isPartlyOverwritten` knows those after which the file is not as it was
 */
export function overwrite(descriptor: number, content: Uint8Array): void {
  const { size } = fstatSync(descriptor)
  if (content.length > size) {
    try {
      writeAllNow(descriptor, content.subarray(size), size)
      sync(descriptor)
    } catch (error) {
      ftruncateSync(descriptor, size)
      throw error
    }
  }
  if (size === 0) return
  try {
    writeAllNow(descriptor, content.subarray(0, size), 0)
    ftruncateSync(descriptor, content.length)
    sync(descriptor)
  } catch (error) {
    throw Object.assign(error as Error, { [PARTLY]: true })
  }
}

/** There are file systems that cannot. */
function sync(descriptor: number): void {
  try {
    fsyncSync(descriptor)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(code)) throw error
  }
}

/**
 * Readers see the old file or the new one, also after a crash, and the mode stays. Where a new file would not be what the old
 * one was (another owner or group, other names, a directory that takes no new file, a mount of the file alone) the old one is
 * written in place.
 *
 * @param path no symbolic link
 * @param mode of a file that was not there
 */
export function replaceOrOverwrite(path: string, content: Uint8Array, mode: number): void {
  const found = statSync(path, { throwIfNoEntry: false })
  try {
    if (found?.isFile() && !isReplaceable(found)) overwriteAt(path, content)
    else replace(path, content, found ? found.mode & 0o7777 : mode)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!found?.isFile() || !['EACCES', 'EPERM', 'EBUSY', 'EXDEV'].includes(code)) throw error
    overwriteAt(path, content)
  }
}

const isReplaceable = ({ uid, gid, nlink }: Stats): boolean =>
  nlink === 1 && uid === process.geteuid?.() && gid === process.getegid?.()

function replace(path: string, content: Uint8Array, mode: number): void {
  const directory = dirname(path)
  const unfinished = join(directory, `.${crypto.randomUUID()}.new`)
  try {
    writeNew(unfinished, content, mode)
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  syncDirectory(directory)
}

function overwriteAt(path: string, content: Uint8Array): void {
  const file = openSync(path, constants.O_WRONLY)
  try {
    overwrite(file, content)
  } finally {
    closeSync(file)
  }
}
