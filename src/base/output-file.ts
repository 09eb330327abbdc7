/** Writes to a path that a person names: an existing file is written in place, a new one appears whole. */
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ownDescriptor, writeAll } from './descriptors.ts'
import { overwrite, syncDirectory } from './durable.ts'

/** Who may read a file that is new: its owner, or whom the umask lets. */
const MODES = { private: 0o600, public: 0o666 } as const
export type Audience = keyof typeof MODES

/**
 * Writes to what the path names, through symbolic links.
 *
 * - A file that exists keeps its owner, mode, access list and other names. When there is no room for a longer content it is
 *   left as it was.
 * - A new file appears whole or not at all; when a link to nothing names it, it is removed again if it cannot be whole.
 * - Devices, pipes, and open files of this process are written to.
 *
 * @param audience of a new file
 * @throws errors of the operating system
 */
export async function writeOutput(path: string, content: Uint8Array, audience: Audience): Promise<void> {
  const descriptor = ownDescriptor(path)
  if (descriptor !== undefined) return writeAll(descriptor, content)
  const there = await openExisting(path)
  if (there) return into(there, content)
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSymbolicLink()) return throughLink(path, content, MODES[audience])
  await create(path, content, MODES[audience])
}

/** The system follows the links, and refuses those that others have planted (proc_sys_fs(5), protected_symlinks). */
async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_WRONLY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Closes it: a full disk may be told of only then. */
async function into(file: FileHandle, content: Uint8Array): Promise<void> {
  try {
    if ((await file.stat()).isFile()) overwrite(file.fd, content)
    else await writeAll(file.fd, content)
  } finally {
    await file.close()
  }
}

async function throughLink(path: string, content: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT, mode)
  const { size } = await file.stat()
  try {
    await into(file, content)
  } catch (error) {
    if (size === 0) await rm(await realpath(path), { force: true })
    throw error
  }
}

async function create(path: string, content: Uint8Array, mode: number): Promise<void> {
  const directory = dirname(path)
  const unfinished = `${directory}/.${crypto.randomUUID()}.new`
  try {
    const file = await open(unfinished, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
    try {
      overwrite(file.fd, content)
    } finally {
      await file.close()
    }
    await giveName(unfinished, path)
  } finally {
    await rm(unfinished, { force: true })
  }
  syncDirectory(directory)
}

/** Not every file system has hard links, and only they never replace what somebody has put there meanwhile. */
async function giveName(unfinished: string, path: string): Promise<void> {
  try {
    await link(unfinished, path)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error
    await rename(unfinished, path)
  }
}
