/** One program at the other end of a connection: what it asks, call by call, between C_Initialize and C_Finalize. */

import { createKeyedQueue, type KeyedQueue } from '../base/keyed-queue.ts'
import type { Log } from '../base/log.ts'
import { andThen, type MaybePromise, orElse, whenOver } from '../base/maybe-promise.ts'
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import type { FairShare } from '../rates/fair-share.ts'
import {
  type Application,
  type ApplicationSnapshot,
  type KeyCertificates,
  snapshotOf,
} from './application.ts'
import type { Peer } from './bounds.ts'
import { CKR } from './cryptoki/returns.ts'
import { CryptokiError, returnValueOf } from './errors.ts'
import type { FunctionName } from './functions/function.ts'
import { FUNCTIONS } from './functions/functions.ts'
import { createPresentApplication } from './present-application.ts'
import type { Refusals } from './refusals.ts'
import type { CallName } from './rpc/calls.ts'
import { isOwn } from './rpc/dialect.ts'
import { MalformedRequest } from './rpc/malformed.ts'
import {
  type CallResults,
  type Request,
  readRequest,
  type Unreadable,
  writeRefusal,
  writeResponse,
} from './rpc/requests.ts'
import { isSessionCall } from './session-calls.ts'
import type { Token } from './token.ts'

/** The calls of one connection, and what has to be known of it from outside. */
export type ProgramNeeds = {
  readonly hsm: Hsm
  readonly token: Token
  readonly log: Log
  readonly refusals: Refusals
  /** Whose program it is. */
  readonly peer: Peer
  /** Sessions of all applications. */
  readonly sessions: FairShare<Peer>
  /** A program of our own module whose connection ends may be there, and go on in another. */
  readonly mayReturn?: boolean | undefined
  /** Certificates on demand; undefined: there are none. */
  readonly keyCertificates: KeyCertificates | undefined
}

/** What another process needs to go on with a program. Plain data, with a secret in it. */
export type ProgramSnapshot = {
  /** Protocol version that the client offered. */
  readonly offered: number
  readonly application: ApplicationSnapshot
}

export type Program = {
  /**
   * The frame that answers a request, at once when there is nothing to wait for; never throws or rejects. Calls of different
   * sessions do not wait for each other.
   *
   * @param body wiped when it has been answered
   * @param offered protocol version that the client offered
   */
  answer(code: number, body: Buffer, offered: number): MaybePromise<Buffer>
  /** False before C_Initialize and after C_Finalize. */
  hasBegun(): boolean
  isLoggedIn(): boolean
  /** Undefined before C_Initialize and after C_Finalize. */
  snapshot(): ProgramSnapshot | undefined
  /** Ends nothing but its session of the HSM: another process goes on, or the program itself does elsewhere. */
  leave(): Promise<void>
  /** Of the connection: ends its session objects and what is under way, and its login unless it may return. */
  end(): Promise<void>
}

/** @param from the program that another process served before */
export function createProgram(needs: ProgramNeeds, from?: ProgramSnapshot): Program {
  const present = createPresentApplication(needs, from)
  const queue = createKeyedQueue()

  function results(
    request: Request | Unreadable,
    offered: number,
  ): MaybePromise<CallResults<typeof request.name>> {
    if ('refusal' in request) {
      present.initialized().sessions.get(request.session)
      throw request.refusal
    }
    switch (request.name) {
      case 'C_Initialize':
        present.begin(offered, request.given[0])
        return []
      case 'Resume':
        return present.goOn(offered, request.given).then((isLoggedIn) => [Number(isLoggedIn)])
      case 'C_Finalize':
        present.initialized()
        return present.end().then(() => [])
      default:
        return perform(present.initialized(), request, queue)
    }
  }

  return {
    answer(code, body, offered) {
      let call: CallName | undefined
      return whenOver(
        () =>
          orElse(
            () => {
              const request = readRequest(body, offered)
              if (!request) return writeRefusal(code, CKR.FUNCTION_NOT_SUPPORTED)
              const { name } = request
              call = name
              return andThen(results(request, offered), (given) => writeResponse(code, name, given, offered))
            },
            (error) => {
              note(needs, call, present.get()?.account.username(), error)
              const isMalformed = error instanceof MalformedRequest
              return writeRefusal(code, isMalformed ? CKR.DEVICE_ERROR : returnValueOf(error))
            },
          ),
        () => void body.fill(0),
      )
    },
    hasBegun: () => present.get() !== undefined,
    isLoggedIn: present.isLoggedIn,
    snapshot() {
      const application = present.get()
      return application && { offered: application.offered, application: snapshotOf(application) }
    },
    leave: present.leave,
    end: () => (needs.mayReturn && isOwn(present.get()?.offered ?? 0) ? present.leave() : present.end()),
  }
}

/** @param username who is logged in */
function note(
  { refusals, log }: ProgramNeeds,
  call: CallName | undefined,
  username: string | undefined,
  error: unknown,
): void {
  if (call && (error instanceof CryptokiError || error instanceof HsmError))
    refusals.note(call, username, error)
  else if (!(error instanceof MalformedRequest)) log('error', { err: error }, 'a PKCS#11 call failed')
}

function perform(
  to: Application,
  { name, given }: Request & { readonly name: FunctionName },
  queue: KeyedQueue,
): MaybePromise<CallResults<typeof name>> {
  // The table pairs every name with its arguments; TypeScript cannot follow a union of pairs.
  const run = FUNCTIONS[name] as (
    application: Application,
    ...given: readonly unknown[]
  ) => MaybePromise<CallResults<typeof name>>
  if (!isSessionCall(name)) return run(to, ...given)
  const session = given[0] as number
  return queue.run(session, (): MaybePromise<CallResults<typeof name>> => {
    // A bad session is said before anything else that is wrong (v2.40 §5.1.7).
    to.sessions.get(session)
    return run(to, ...given)
  })
}
