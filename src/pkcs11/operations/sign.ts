/** C_Sign… and C_Verify… (PKCS#11 v2.40 §5.11 and §5.12). Signatures by ECDSA are r‖s on both sides. */

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
export async function init(
  application: Application,
  purpose: Purpose,
  handle: number,
  given: CallerMechanism,
  key: number,
): Promise<void> {
  const session = signedIn(application, handle)
  noneActive(session, purpose)
  const mechanism = mechanismFor(purpose, given)
  session.active[purpose] = await beginWith(application, key, { purpose, mechanism })
}

/** C_Sign */
export function sign(session: Session, data: Buffer, bufferBytes: number): Promise<Output> {
  return signature(session, bufferBytes, (message) => {
    wholeOnly(message)
    return message.whole(data)
  })
}

/** C_SignUpdate and C_VerifyUpdate */
export async function update(session: Session, purpose: Purpose, data: Buffer): Promise<void> {
  const message = activeOne(session, purpose)
  await step(session, purpose, () => meaning(MEANINGS, message.update(data)))
}

/** C_SignFinal */
export const signFinal = (session: Session, bufferBytes: number): Promise<Output> =>
  signature(session, bufferBytes, (message) => message.finish())

/** The length is known beforehand, so the work is done once there is room for it. */
function signature(
  session: Session,
  bufferBytes: number,
  work: (message: Message) => Promise<Done>,
): Promise<Output> {
  const message = activeOne(session, 'sign')
  return lastStep(session, 'sign', async () => {
    const length = message.resultBytes ?? refuse(CKR.FUNCTION_FAILED)
    if (!fits(length, bufferBytes)) return { needed: length }
    const { data } = await meaning(MEANINGS, work(message))
    return outputOf(data, bufferBytes)
  })
}

/** C_Verify */
export function verify(session: Session, data: Buffer, given: Buffer): Promise<void> {
  return verification(session, given, (message) => {
    wholeOnly(message)
    return message.whole(data, given)
  })
}

/** C_VerifyFinal */
export const verifyFinal = (session: Session, given: Buffer): Promise<void> =>
  verification(session, given, (message) => message.finish(given))

async function verification(
  session: Session,
  given: Buffer,
  work: (message: Message) => Promise<Done>,
): Promise<void> {
  const message = activeOne(session, 'verify')
  await lastStep(session, 'verify', async () => {
    const { resultBytes } = message
    if (resultBytes !== undefined && given.length !== resultBytes) refuse(CKR.SIGNATURE_LEN_RANGE)
    const { verified } = await meaning(MEANINGS, work(message))
    return verified ? DONE : refuse(CKR.SIGNATURE_INVALID)
  })
}

const DONE: Output = { bytes: Buffer.alloc(0) }

function wholeOnly(message: Message): void {
  if (message.inParts) refuse(CKR.OPERATION_NOT_INITIALIZED)
}
