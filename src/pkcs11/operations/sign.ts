/** C_Sign… and C_Verify… (PKCS#11 v2.40 §5.11 and §5.12). Signatures by ECDSA are r‖s on both sides. */
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import { type Application, signedIn } from '../application.ts'
import { CKR } from '../cryptoki/returns.ts'
import { type Meanings, meaning, refuse } from '../errors.ts'
import { mechanismFor } from '../mechanisms/mechanism.ts'
import type { CallerMechanism } from '../mechanisms/parameters.ts'
import { fits, type Output, outputOf } from '../output.ts'
import type { Session } from '../sessions.ts'
import { beginWith } from './begin.ts'
import type { Done, Message } from './message.ts'
import { activeOne, lastStep, noneActive, step } from './steps.ts'

type Purpose = 'sign' | 'verify'

const MEANINGS: Meanings = {
  'invalid-data': CKR.DATA_LEN_RANGE,
  'stream-not-found': CKR.DEVICE_ERROR,
}

/** C_SignInit and C_VerifyInit. Throws CKR_OPERATION_ACTIVE, and why the key may not be used. */
export function init(
  application: Application,
  purpose: Purpose,
  handle: number,
  given: CallerMechanism,
  key: number,
): MaybePromise<void> {
  const session = signedIn(application, handle)
  noneActive(session, purpose)
  const mechanism = mechanismFor(purpose, given)
  return andThen(beginWith(application, key, { purpose, mechanism }), (message) => {
    session.active[purpose] = message
  })
}

/** C_Sign */
export function sign(session: Session, data: Buffer, bufferBytes: number): MaybePromise<Output> {
  return signature(session, bufferBytes, (message) => {
    wholeOnly(message)
    return message.whole(data)
  })
}

/** C_SignUpdate and C_VerifyUpdate */
export function update(session: Session, purpose: Purpose, data: Buffer): MaybePromise<unknown> {
  const message = activeOne(session, purpose)
  return step(session, purpose, () => meaning(MEANINGS, () => message.update(data)))
}

/** C_SignFinal */
export const signFinal = (session: Session, bufferBytes: number): MaybePromise<Output> =>
  signature(session, bufferBytes, (message) => message.finish())

/** The length is known beforehand, so the work is done once there is room for it. */
function signature(
  session: Session,
  bufferBytes: number,
  work: (message: Message) => MaybePromise<Done>,
): MaybePromise<Output> {
  const message = activeOne(session, 'sign')
  return lastStep(session, 'sign', () => {
    const length = message.resultBytes ?? refuse(CKR.FUNCTION_FAILED)
    if (!fits(length, bufferBytes)) return { needed: length }
    return andThen(
      meaning(MEANINGS, () => work(message)),
      ({ data }) => outputOf(data, bufferBytes),
    )
  })
}

/** C_Verify */
export function verify(session: Session, data: Buffer, given: Buffer): MaybePromise<unknown> {
  return verification(session, given, (message) => {
    wholeOnly(message)
    return message.whole(data, given)
  })
}

/** C_VerifyFinal */
export const verifyFinal = (session: Session, given: Buffer): MaybePromise<unknown> =>
  verification(session, given, (message) => message.finish(given))

function verification(
  session: Session,
  given: Buffer,
  work: (message: Message) => MaybePromise<Done>,
): MaybePromise<unknown> {
  const message = activeOne(session, 'verify')
  return lastStep(session, 'verify', () => {
    const { resultBytes } = message
    if (resultBytes !== undefined && given.length !== resultBytes) refuse(CKR.SIGNATURE_LEN_RANGE)
    return andThen(
      meaning(MEANINGS, () => work(message)),
      ({ verified }) => (verified ? DONE : refuse(CKR.SIGNATURE_INVALID)),
    )
  })
}

const DONE: Output = { bytes: Buffer.alloc(0) }

function wholeOnly(message: Message): void {
  if (message.inParts) refuse(CKR.OPERATION_NOT_INITIALIZED)
}
