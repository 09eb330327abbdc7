/** One process per home: a lock that the kernel releases when the process ends. */
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { HsmError } from '../contract/errors.ts'

/** Somebody who only asks holds the lock for a moment. */
const PATIENCE_MS = 500
const BUSY = 5

/**
 * Node has no file locks of its own, SQLite does; nothing is ever stored in this database.
 *
 * @returns the function that lets go of it; undefined when another process has it
 */
export function takeLock(path: string): (() => void) | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: PATIENCE_MS })
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (isBusy(error)) return undefined
    throw refusalOf(path, error)
  }
  return () => database.close()
}

/** SQLite does not tell why the system refuses a file, so the same is asked of the system again. */
function refusalOf(path: string, cause: unknown): Error {
  const probe = `${path}-probe`
  try {
    closeSync(openSync(path, 'a+', 0o600))
    writeFileSync(probe, 'x', { mode: 0o600 })
  } catch (error) {
    return Object.assign(error as Error, { path })
  } finally {
    rmSync(probe, { force: true })
  }
  return new HsmError('unavailable', `The lock ${path} cannot be taken`, { cause })
}

/** Whether another process holds the lock. Takes it for a moment to find out. */
export function isLocked(path: string): boolean {
  const release = takeLock(path)
  release?.()
  return release === undefined
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === BUSY
