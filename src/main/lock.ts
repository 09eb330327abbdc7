/** One process per home: a lock that the kernel lets go of when its process ends, however it ends. */
import { DatabaseSync } from 'node:sqlite'

/** Somebody who only asks holds the lock for a moment. */
const PATIENCE_MS = 500
const BUSY = 5

/**
 * Node has no file locks of its own, SQLite does; nothing is ever stored in this database.
 *
 * @returns the function that lets go of it; undefined when another process has it
 */
export function takeLock(path: string): (() => void) | undefined {
  const database = new DatabaseSync(path, { timeout: PATIENCE_MS })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return () => database.close()
}

export function isLocked(path: string): boolean {
  const release = takeLock(path)
  release?.()
  return release === undefined
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === BUSY
