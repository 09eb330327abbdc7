/** Small files that survive a crash whole, and secrets that nobody else may read. */
import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, linkSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncDirectory, writeNew } from '../base/durable.ts'
import { HsmError } from '../contract/errors.ts'

/** Who may read a file besides its owner. */
const MODES = { private: 0o600, public: 0o644 } as const
type Audience = keyof typeof MODES

/** Readers see the old file or the new one, also after a crash. */
export function replaceFile(path: string, content: string, audience: Audience): void {
  writeWhole(path, content, audience, renameSync)
}

/** The file appears whole or not at all. Throws `EEXIST` when it is there already. */
export function createFile(path: string, content: string, audience: Audience): void {
  writeWhole(path, content, audience, linkSync)
}

/** Undefined when there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Undefined when there is no such file.
 * @throws HsmError `store-damaged` when others than the owner may read or change it
 */
export function readSecretIfThere(path: string): string | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    if ((fstatSync(file).mode & 0o077) === 0) return readFileSync(file, 'utf8')
    throw new HsmError(
      'store-damaged',
      `Others can read ${path}; if nobody has, close it with: chmod 600 ${path}`,
    )
  } finally {
    closeSync(file)
  }
}

function writeWhole(
  path: string,
  content: string,
  audience: Audience,
  giveName: (from: string, to: string) => void,
): void {
  const unfinished = `${path}.${randomUUID()}.new`
  try {
    writeNew(unfinished, content, MODES[audience])
    giveName(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  syncDirectory(dirname(path))
}
