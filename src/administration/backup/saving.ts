/** Where a backup is written to: a new file, a device or a pipe, or standard output. What is a file already is left alone. */
import { randomUUID } from 'node:crypto'
import { constants, lstatSync, statSync } from 'node:fs'
import { type FileHandle, link, open, realpath, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeAll } from '../../base/descriptors.ts'
import { syncDirectory } from '../../base/durable.ts'
import { isSystemError, reasonOf } from '../../base/reasons.ts'
import { isOutputGone, isStandardOutput, writeOutput } from '../../base/standard-streams.ts'
import { HsmError } from '../../contract/errors.ts'

/** @throws HsmError `invalid-request` when a file or directory has the name */
export function refuseExisting(path: string): void {
  if (isStandardOutput(path)) return
  const found = lookAt(path)
  if (found === 'file') throw new HsmError('invalid-request', `${path} exists already`)
}

/**
 * A file gets its name when it is whole and on disk.
 *
 * @returns how many bytes were written
 * @throws HsmError `invalid-request` with one sentence when it cannot be written, and what `content` throws; a file that was
 * begun is gone then
 */
export async function save(path: string, content: AsyncIterable<Buffer>): Promise<number> {
  if (isStandardOutput(path)) return through(content, writeOutput)
  try {
    const found = lookAt(path)
    return await (found === 'special'
      ? writeTo(await open(path, constants.O_WRONLY), content)
      : found === 'link'
        ? writeBehindLink(path, content)
        : writeWhole(path, content))
  } catch (error) {
    if (!isSystemError(error) || isOutputGone(error)) throw error
    throw new HsmError('invalid-request', `Cannot write ${path}: ${reasonOf(error)}`, { cause: error })
  }
}

/** `special`: a device or a pipe; `link`: a symbolic link to nothing. */
function lookAt(path: string): 'nothing' | 'file' | 'special' | 'link' {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found) return found.isFile() || found.isDirectory() ? 'file' : 'special'
  return lstatSync(path, { throwIfNoEntry: false }) ? 'link' : 'nothing'
}

async function through(
  content: AsyncIterable<Buffer>,
  write: (bytes: Buffer) => Promise<void>,
): Promise<number> {
  let length = 0
  for await (const bytes of content) {
    await write(bytes)
    length += bytes.length
  }
  return length
}

async function writeTo(file: FileHandle, content: AsyncIterable<Buffer>): Promise<number> {
  try {
    const length = await through(content, (bytes) => writeAll(file.fd, bytes))
    if ((await file.stat()).isFile()) await file.sync()
    return length
  } finally {
    await file.close()
  }
}

async function writeWhole(path: string, content: AsyncIterable<Buffer>): Promise<number> {
  const unfinished = `${dirname(path)}/.${randomUUID()}.new`
  try {
    const length = await writeTo(await open(unfinished, 'wx', 0o600), content)
    await link(unfinished, path)
    syncDirectory(dirname(path))
    return length
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** The system makes the file, where it lets nobody be led astray by links of others (proc_sys_fs(5), protected_symlinks). */
async function writeBehindLink(path: string, content: AsyncIterable<Buffer>): Promise<number> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
  try {
    return await writeTo(file, content)
  } catch (error) {
    await rm(await realpath(path), { force: true })
    throw error
  }
}
