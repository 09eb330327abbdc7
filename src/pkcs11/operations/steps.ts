/** How the functions of an operation follow each other (PKCS#11 v2.40 §5.2 and §5.8 to §5.12). */

import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import type { Output } from '../output.ts'
import type { Session } from '../sessions.ts'
import type { Active } from './active.ts'

/** Of operations, of which a session has at most one each. */
export type Kind = keyof Active

/** Throws CKR_OPERATION_ACTIVE when one of the kind is under way. */
export function noneActive({ active }: Session, kind: Kind): void {
  if (active[kind]) refuse(CKR.OPERATION_ACTIVE)
}

/** The operation under way; throws CKR_OPERATION_NOT_INITIALIZED. */
export function activeOne<K extends Kind>({ active }: Session, kind: K): NonNullable<Active[K]> {
  return active[kind] ?? refuse(CKR.OPERATION_NOT_INITIALIZED)
}

/** A step in the middle: a failure ends the operation. */
export async function step<T>(session: Session, kind: Kind, body: () => Promise<T>): Promise<T> {
  const operation = session.active[kind]
  try {
    return await body()
  } catch (error) {
    await end(session, kind, operation)
    throw error
  }
}

/** The last step: it ends the operation, unless all it did was to tell how much room its result needs. */
export async function lastStep(session: Session, kind: Kind, body: () => Promise<Output>): Promise<Output> {
  const operation = session.active[kind]
  const result = await step(session, kind, body)
  if ('bytes' in result && session.active[kind] === operation) delete session.active[kind]
  return result
}

/** Without a result. */
export async function end(session: Session, kind: Kind, operation = session.active[kind]): Promise<void> {
  if (session.active[kind] === operation) delete session.active[kind]
  await cancel(operation)
}

async function cancel(operation: Active[Kind]): Promise<void> {
  if (!operation) return
  if ('cancel' in operation) await operation.cancel()
  else if ('message' in operation) await operation.message.cancel()
}
