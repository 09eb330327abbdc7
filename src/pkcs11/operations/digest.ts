/** C_Digest… (PKCS#11 v2.40 §5.10). No key and no secret is in it, so it is worked on here. */
import { createHash, type Hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import { HASHES } from '../../contract/algorithms.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { digestOf } from '../mechanisms/hashes.ts'
import { type CallerMechanism, withoutParameter } from '../mechanisms/parameters.ts'
import { fits, type Output } from '../output.ts'
import type { Session } from '../sessions.ts'
import type { Digest } from './active.ts'
import { activeOne, lastStep, noneActive } from './steps.ts'

/** C_DigestInit. Throws CKR_OPERATION_ACTIVE and CKR_MECHANISM_INVALID. */
export function init(session: Session, mechanism: CallerMechanism): void {
  noneActive(session, 'digest')
  const hash = digestOf(mechanism.type) ?? refuse(CKR.MECHANISM_INVALID)
  withoutParameter(mechanism)
  session.active.digest = { hash: createHash(hash), bytes: HASHES[hash].bytes, inParts: false }
}

/** C_Digest */
export function digest(session: Session, data: Buffer, bufferBytes: number): MaybePromise<Output> {
  const operation = activeOne(session, 'digest')
  return lastStep(session, 'digest', () => {
    if (operation.inParts) refuse(CKR.OPERATION_NOT_INITIALIZED)
    if (!fits(operation.bytes, bufferBytes)) return { needed: operation.bytes }
    return andThen(feed(operation, data), () => ({ bytes: operation.hash.digest() }))
  })
}

/** C_DigestUpdate */
export function update(session: Session, data: Buffer): MaybePromise<void> {
  const operation = activeOne(session, 'digest')
  operation.inParts = true
  return feed(operation, data)
}

/** C_DigestFinal */
export function final(session: Session, bufferBytes: number): MaybePromise<Output> {
  const operation = activeOne(session, 'digest')
  return lastStep(session, 'digest', () =>
    fits(operation.bytes, bufferBytes) ? { bytes: operation.hash.digest() } : { needed: operation.bytes },
  )
}

const PIECE = 1024 * 1024

function feed({ hash }: Digest, data: Buffer): MaybePromise<void> {
  if (data.length > PIECE) return feedInPieces(hash, data)
  hash.update(data)
}

/** Others get their turn between the pieces. */
async function feedInPieces(hash: Hash, data: Buffer): Promise<void> {
  for (let at = 0; at < data.length; at += PIECE) {
    if (at > 0) await setImmediate()
    hash.update(data.subarray(at, at + PIECE))
  }
}
