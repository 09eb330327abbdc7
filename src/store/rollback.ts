/** Whether a store is the newest that anyone was answered from, as far as the mark beside it tells. */
import { basename } from 'node:path'
import { HsmError } from '../contract/errors.ts'
import { type MarkReading, readMark } from './mark.ts'
import type { Root } from './record-set.ts'
import type { Sealer } from './sealer.ts'

/** A state that is not known to be the newest, and was taken all the same. */
export type Rollback = {
  /** Of the store as it was found. */
  readonly revision: number
  /** Of the newest state that was answered from; undefined when nothing tells. */
  readonly marked: number | undefined
}

type Doubt = { readonly why: string; readonly rollback: Rollback }

/**
 * A commit is marked when it is in the database, so the database may be one commit ahead: nobody was answered from
 * that one. A slot that is torn was being written then, so a torn one needs a database that is ahead.
 *
 * @returns undefined when the store is the newest
 */
function doubtOf(root: Root, reading: MarkReading): Doubt | undefined {
  const doubt = (why: string, marked?: number) => ({ why, rollback: { revision: root.revision, marked } })
  if (reading.state === 'missing')
    return root.marked ? doubt('the file is missing that would tell') : undefined
  if (reading.state === 'unreadable') return doubt('the file that would tell is damaged, or of another store')
  const { revision, digest } = reading.newest
  if (root.revision < revision) {
    return doubt(
      `it ends with change ${root.revision}, but change ${revision} was made and answered`,
      revision,
    )
  }
  if (root.revision > revision) return undefined
  if (root.digest !== digest) return doubt('it has another history than the one that was answered', revision)
  return reading.state === 'torn' ? doubt('half of the file that would tell is damaged', revision) : undefined
}

/**
 * What must be accepted to go on with the store, if anything.
 *
 * @param path of the mark
 * @throws HsmError `store-damaged` when the store may not be the newest, and that is not accepted; `invalid-request` when
 *   there is nothing to accept
 */
export function rollbackOf(
  root: Root,
  path: string,
  { sealer, acceptRollback }: { readonly sealer: Sealer; readonly acceptRollback?: boolean | undefined },
): Rollback | undefined {
  const doubt = doubtOf(root, readMark(path, sealer))
  if (!doubt && acceptRollback) throw nothingToAccept()
  if (doubt && !acceptRollback) throw rolledBack(doubt, basename(path))
  return doubt?.rollback
}

/** @param file name of the mark */
const rolledBack = ({ why }: Doubt, file: string): HsmError =>
  new HsmError(
    'store-damaged',
    `The store may be older than what this HSM last answered: ${why} (${file}). Rights that were taken back since would be there again. Put the newest state back; if it is lost, go on with: strongroom start --accept-rollback`,
  )

/** The store is what it should be, and so it stays: an option that is left in a script must not accept the next one. */
const nothingToAccept = (): HsmError =>
  new HsmError('invalid-request', 'The store is not rolled back; start without --accept-rollback')

/**
 * Where a store goes on counting whose newest commits are lost. Revisions of the lost ones must not be used again, or
 * records of both histories could be put together; how many there were may not be known.
 */
export const revisionAfter = ({ revision, marked = 0 }: Rollback): number =>
  Math.max(revision, marked) + 2 ** 32
