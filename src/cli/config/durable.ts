/** Files that are on disk, whole, when the call returns. */
import { closeSync, fchmodSync, fsyncSync, openSync, writeFileSync } from 'node:fs'

/** @throws `EEXIST` when there is such a file */
export function writeNew(path: string, content: string, mode: number): void {
  const file = openSync(path, 'wx', mode)
  try {
    fchmodSync(file, mode)
    writeFileSync(file, content)
    fsyncSync(file)
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
