/** How the functions of an operation follow each other (PKCS#11 v2.40 §5.2 and §5.8 to §5.12). */
import { andThen, type MaybePromise, orElse } from '../../base/maybe-promise.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import type { Output } from '../output.ts'
import type { Session } from '../sessions.ts'
import { type Active, giveUp } from './active.ts'

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
export function step<T>(session: Session, kind: Kind, body: () => MaybePromise<T>): MaybePromise<T> {
  const operation = session.active[kind]
  return orElse(body, (error) =>
    andThen(end(session, kind, operation), () => {
      throw error
    }),
  )
}

/** The last step: it ends the operation, unless all it did was to tell how much room its result needs. */
export function lastStep(
  session: Session,
  kind: Kind,
  body: () => MaybePromise<Output>,
): MaybePromise<Output> {
  const operation = session.active[kind]
  return andThen(step(session, kind, body), (result) => {
    if ('bytes' in result && session.active[kind] === operation) session.active[kind] = undefined
    return result
  })
}

/** Without a result. */
export function end(session: Session, kind: Kind, operation = session.active[kind]): MaybePromise<void> {
  if (session.active[kind] === operation) session.active[kind] = undefined
  return giveUp(operation)
}
