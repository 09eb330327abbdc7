import type { MaybePromise } from '../base/maybe-promise.ts'
import type { CallSource } from './call-source.ts'
import type { ErrorCode } from './errors.ts'
import type { OperationName, Reply, Request } from './operations.ts'

/** An HSM, wherever it runs: the in-process engine and the HTTPS client are both one of these. */
export interface Hsm {
  /**
   * Carries out one operation of the table in `operations.ts`.
   *
   * @param session token from `session.login`; leave out before login
   * @param source who calls, which the interface that took the call knows; left out, this process. Over the wire the other
   *   end finds out by itself
   * @throws HsmError with a code of `errors.ts`, and nothing else
   */
  call<K extends OperationName>(
    operation: K,
    request: Request<K>,
    session?: string,
    source?: CallSource,
  ): Promise<Reply<K>>

  /**
   * Of an HSM in this process: `call` for many calls of one session, or of nobody. The token is looked up once; that the session
   * still stands is found out with every call. To be had by `callerOf`, which is for every HSM.
   *
   * @param session as in `call`; one that there is not is refused when the caller is used
   */
  caller?(session: string | undefined, source?: CallSource): Caller
}

/** Calls of one session, or of nobody, from one place. What needs no waiting is answered at once, without a promise; it throws then. */
export type Caller = <K extends OperationName>(operation: K, request: Request<K>) => MaybePromise<Reply<K>>

/** @param session as in `Hsm.call`, as is `source` */
export const callerOf = (hsm: Hsm, session: string | undefined, source?: CallSource): Caller =>
  hsm.caller?.(session, source) ?? ((operation, request) => hsm.call(operation, request, session, source))

/** The same HSM, called from one place. */
export const calledFrom = (hsm: Hsm, source: CallSource): Hsm => ({
  call: (operation, request, session) => hsm.call(operation, request, session, source),
  caller: (session) => callerOf(hsm, session, source),
})

/**
 * Who asks, which is looked up once for many requests of one session, or of nobody.
 *
 * @param session as it was presented
 * @param source where it comes from; left out, this process
 */
export type Admit = (session: string | undefined, source?: CallSource) => Admitter

export type Admitter = {
  /**
   * Whether they may ask for that at all, as things are now, before anything of the request is read or worked on.
   *
   * @throws HsmError `unknown-operation`, `not-serving`, `not-logged-in` or `not-permitted`
   */
  admit(operation: string): Admission
  /** Id of the user as long as the session stands, which is not used by that; undefined then, and before login. */
  user(): string | undefined
}

export type Admission = {
  /** Id of the user who asks; undefined before login. */
  readonly user: string | undefined
  /** Takes a right back, so that it must find room when nothing else does. */
  readonly revokes: boolean
  /** The largest request that is read. */
  readonly requestBytes: number
  /** To be told why, when the request is refused before `call` has it: too large, unreadable, no room. */
  readonly refused: (code: ErrorCode) => void
}
