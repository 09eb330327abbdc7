/** C_Encrypt… and C_Decrypt… (PKCS#11 v2.40 §5.8 and §5.9). */
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import { type Application, signedIn } from '../application.ts'
import { CKR } from '../cryptoki/returns.ts'
import { type Meanings, meaning, refuse } from '../errors.ts'
import { mechanismFor } from '../mechanisms/mechanism.ts'
import type { CallerMechanism } from '../mechanisms/parameters.ts'
import { fits, isQuery, type Output } from '../output.ts'
import type { Outputs } from '../rpc/signatures.ts'
import type { Session } from '../sessions.ts'
import type { CipherOperation, Purpose } from './active.ts'
import { beginWith } from './begin.ts'
import { type Length, lengthsOf } from './cipher-lengths.ts'
import { activeOne, lastStep, noneActive, step } from './steps.ts'

/**
 * C_EncryptInit and C_DecryptInit. Throws CKR_OPERATION_ACTIVE, and why the key may not be used.
 *
 * @returns what goes back into the parameter of the mechanism
 */
export function init(
  application: Application,
  purpose: Purpose,
  handle: number,
  given: CallerMechanism,
  key: number,
): MaybePromise<Outputs> {
  const session = signedIn(application, handle)
  if (!session.active[purpose]?.over) noneActive(session, purpose)
  const cipher = mechanismFor(purpose, given)
  return andThen(beginWith(application, key, { purpose, cipher }), (message) => {
    const lengths = lengthsOf(purpose, cipher, message.resultBytes ?? 0)
    const pending = lengths.front
    session.active[purpose] = { purpose, message, lengths, pending, held: undefined, over: false }
    return message.iv && [message.iv]
  })
}

function underWay(session: Session, purpose: Purpose): CipherOperation {
  const operation = activeOne(session, purpose)
  return operation.over ? refuse(CKR.OPERATION_NOT_INITIALIZED) : operation
}

/** C_Encrypt and C_Decrypt */
export function whole(
  session: Session,
  purpose: Purpose,
  data: Buffer,
  bufferBytes: number,
): MaybePromise<Output> {
  const operation = underWay(session, purpose)
  const { message, lengths } = operation
  return lastStep(session, purpose, () => {
    if (message.inParts) refuse(CKR.OPERATION_NOT_INITIALIZED)
    const length = lengths.whole(data.length) ?? wrongLength(purpose)
    if (tooMuch(length, bufferBytes)) return { needed: length.bytes }
    const done = meaning(MEANINGS[purpose], () => message.whole(data))
    return andThen(done, ({ data: bytes }): MaybePromise<Output> => {
      if (fits(bytes.length, bufferBytes)) return { bytes }
      bytes.fill(0)
      return andThen(message.restart(), () => ({ needed: bytes.length }))
    })
  })
}

/** C_EncryptUpdate and C_DecryptUpdate */
export function update(
  session: Session,
  purpose: Purpose,
  data: Buffer,
  bufferBytes: number,
): MaybePromise<Output> {
  const operation = underWay(session, purpose)
  return step(session, purpose, () => {
    if (operation.held) refuse(CKR.OPERATION_NOT_INITIALIZED)
    const length = operation.lengths.update(operation.pending, data.length).bytes
    // Were nothing to come out, a caller that only asks would have its data worked on twice.
    if (isQuery(bufferBytes) || !fits(length, bufferBytes)) return { needed: length }
    const ready = meaning(MEANINGS[purpose], () => operation.message.update(data))
    return andThen(ready, (bytes) => {
      operation.pending += data.length - bytes.length
      // There would be no room for more than was foretold.
      return bytes.length <= length ? { bytes } : refuse(CKR.DEVICE_ERROR)
    })
  })
}

/** C_EncryptFinal and C_DecryptFinal */
export function final(session: Session, purpose: Purpose, bufferBytes: number): MaybePromise<Output> {
  const operation = activeOne(session, purpose)
  if (operation.over) {
    session.active[purpose] = undefined
    return { bytes: Buffer.alloc(0) }
  }
  const ended = lastStep(session, purpose, () => end(operation, bufferBytes))
  return andThen(ended, (result) => {
    const empty = 'bytes' in result && result.bytes.length === 0
    if (empty && isQuery(bufferBytes)) session.active[purpose] = { ...operation, over: true }
    return result
  })
}

function end(operation: CipherOperation, bufferBytes: number): MaybePromise<Output> {
  const { purpose, message, lengths, held } = operation
  if (held) return release(operation, held, bufferBytes)
  const length = lengths.final(operation.pending) ?? wrongLength(purpose)
  if (tooMuch(length, bufferBytes)) return { needed: length.bytes }
  const done = meaning(MEANINGS[purpose], () => message.finish())
  return andThen(done, ({ data: bytes }): Output => {
    if (fits(bytes.length, bufferBytes)) return { bytes }
    operation.held = bytes
    return { needed: bytes.length }
  })
}

/** Held back until there is room for it, it is a use of the key once more, and the HSM is asked for the right to it. */
async function release({ message }: CipherOperation, held: Buffer, bufferBytes: number): Promise<Output> {
  if (!fits(held.length, bufferBytes)) return { needed: held.length }
  await message.restart()
  await message.cancel()
  return { bytes: held }
}

/** What is not known exactly is tried, unless the caller only asks. */
const tooMuch = ({ bytes, exact }: Length, bufferBytes: number): boolean =>
  !fits(bytes, bufferBytes) && (exact || isQuery(bufferBytes))

const wrongLength = (purpose: Purpose): never =>
  refuse(purpose === 'encrypt' ? CKR.DATA_LEN_RANGE : CKR.ENCRYPTED_DATA_LEN_RANGE)

const MEANINGS: Readonly<Record<Purpose, Meanings>> = {
  encrypt: { 'invalid-data': CKR.DATA_LEN_RANGE, 'stream-not-found': CKR.DEVICE_ERROR },
  decrypt: {
    'invalid-data': CKR.ENCRYPTED_DATA_INVALID,
    'too-large': CKR.ENCRYPTED_DATA_LEN_RANGE,
    'stream-not-found': CKR.DEVICE_ERROR,
  },
}
