/** What errors of SQLite and the file system mean to the store (https://sqlite.org/rescode.html). */
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { reasonAndAdvice } from '../../base/reasons.ts'
import { HsmError } from '../../contract/errors.ts'
import type { CommitFailure } from '../group-commit.ts'

const BUSY = 5
const NO_MEMORY = 7
const CORRUPT = 11
const FULL = 13
const NOT_A_DATABASE = 26
const WRITE_FAILED = 778
const SHORT_READ = 522

const codeOf = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0
const primary = (code: number): number => code & 0xff

function isDamage(code: number): boolean {
  return primary(code) === CORRUPT || primary(code) === NOT_A_DATABASE || code === SHORT_READ
}

/** @param path of the database; only its last part is shown */
export function openFailure(error: unknown, path: string): HsmError {
  if (error instanceof HsmError) return error
  const code = codeOf(error)
  const options = { cause: error }
  if (primary(code) === BUSY) {
    return new HsmError('store-failure', 'The data directory is in use by another process', options)
  }
  const file = basename(path)
  if (isDamage(code)) return new HsmError('store-damaged', `The store file ${file} is damaged`, options)
  const refusal = systemError(error) ?? (primary(code) === FULL ? DISK_FULL : refusalAt(path))
  const why = refusal ? `: ${reasonAndAdvice(refusal)}` : ''
  return new HsmError('store-failure', `The store file ${file} cannot be opened${why}`, options)
}

const DISK_FULL = Object.assign(new Error(), { code: 'ENOSPC' })

const systemError = (error: unknown): Error | undefined =>
  error instanceof Error && 'syscall' in error ? error : undefined

/** Database, log, index of the log, directory. */
const FILES = 4

/** SQLite does not tell why the system refused, so the same is asked of the system again. */
function refusalAt(path: string): Error | undefined {
  const probe = `${path}-probe`
  const files: number[] = []
  try {
    // As many at once as SQLite has.
    for (let file = 0; file < FILES; file++) files.push(openSync(path, 'r+'))
    writeFileSync(probe, 'x', { mode: 0o600 })
    return undefined
  } catch (error) {
    return error as Error
  } finally {
    for (const file of files) closeSync(file)
    rmSync(probe, { force: true })
  }
}

/** An error while reading from, or before committing to, an open store: nothing has changed. */
export function accessFailure(error: unknown): HsmError {
  if (error instanceof HsmError) return error
  const code = codeOf(error)
  const options = { cause: error }
  if (isDamage(code)) return new HsmError('store-damaged', 'The store file is damaged', options)
  if (primary(code) !== FULL) return new HsmError('store-failure', undefined, options)
  return new HsmError('store-failure', 'The disk is full; nothing was changed', options)
}

/**
 * An error of COMMIT, or of bringing the log into the database. Where the data could not be written, or memory was
 * short, the transaction is surely not in the log. After any other error (above all a failed fsync: the data may
 * reach the disk or not, and asking again would not tell) nothing is sure.
 */
export function commitFailure(error: unknown): CommitFailure {
  const code = codeOf(error)
  const certain = [BUSY, NO_MEMORY, FULL].includes(primary(code)) || code === WRITE_FAILED
  if (certain) return { error: accessFailure(error), fatal: false }
  return { error: notKnown(error), fatal: true }
}

/** `store-failure`: the change may have been made. */
export const notKnown = (cause: unknown): HsmError =>
  new HsmError('store-failure', 'It is not known whether a change was stored; restart the HSM', { cause })
