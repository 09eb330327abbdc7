/** Directories that are made when they are missing. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const PRIVATE = 0o700

/**
 * Makes the directory and those above it, for the owner alone; one that exists stays as it is.
 *
 * Node's own `recursive` never returns below directories in which nothing can be made and that say ENOENT, such as /proc.
 *
 * @throws errors of the operating system; `ENOTDIR` when something else has the name
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, PRIVATE)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !isThere(dirname(path))) {
      makeDirectory(dirname(path))
      makeDirectory(path)
      return
    }
    if (isDirectory(path)) return
    throw code === 'EEXIST' ? Object.assign(error as Error, { code: 'ENOTDIR' }) : error
  }
}

/** Unlike `existsSync` it does not take what may not be looked at for absent. Throws errors of the operating system. */
export const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
