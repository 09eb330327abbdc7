/** Calls in one login, which outlives the session it was given: HSMs restart and fail over, and programs should not notice. */
import { NO_BYTES } from '../base/bytes.ts'
import { andThen, type MaybePromise, orElse } from '../base/maybe-promise.ts'
import { type ErrorCode, HsmError } from '../contract/errors.ts'
import { type Caller, callerOf, type Hsm } from '../contract/hsm.ts'
import type { OperationName, Reply, Request } from '../contract/operations.ts'
import {
  type Credentials,
  createHeldLogin,
  type HsmSession,
  isLost,
  type Login,
  type LoginSnapshot,
} from './held-login.ts'

/** A stream of the HSM. It lives in one session of the HSM and ends with it: then every call is `stream-not-found`. */
export interface StreamHandle {
  /** Of signatures, MACs and what RSA makes of a message; undefined of the others. */
  readonly resultBytes: number | undefined
  /** Of AES-GCM, when the HSM made it. */
  readonly iv: Buffer | undefined
  update(data: Uint8Array): MaybePromise<Buffer>
  finish(last: {
    data?: Uint8Array
    signature?: Uint8Array
  }): MaybePromise<{ data: Buffer; verified: boolean }>
  /** Never throws. */
  cancel(): MaybePromise<void>
}

/** Who is logged in on one connection, and calls in that login. */
export interface Account {
  loggedIn(): boolean
  /** Who is logged in. */
  username(): string | undefined
  /** The login, for whoever goes on with it in this one's place. */
  snapshot(): LoginSnapshot | undefined
  /** Throws what `session.login` throws. The password is not kept. */
  login(credentials: Credentials): Promise<void>
  /** Never throws. */
  logout(): Promise<void>
  /** Has the session of a login that is gone on with. Throws `not-serving` and the like when the HSM cannot tell whether it lasts. */
  resume(): Promise<void>
  /** Leaves the login to another process: only the HSM's session ends. Never throws. */
  leave(): Promise<void>
  /** Throws `bad-credentials` when `old` is not the present password, or what `user.change-password` throws. */
  changePassword(old: string, password: string): Promise<void>
  /**
   * A call in the session of the login. When the session is gone, resumes the login, at most once, and repeats a call that
   * is safe to repeat. Throws `not-logged-in` when there is no login, or it has ended.
   */
  readonly call: Caller
  begin(request: Request<'crypto.begin'>): MaybePromise<StreamHandle>
  /** As `call` when there is a login, and else as nobody. Throws `not-logged-in` for what is shown to users alone. */
  readonly callAsAnyone: Caller
}

/** The HSM has not touched the request. */
const UNTOUCHED: ReadonlySet<ErrorCode> = new Set(['not-logged-in', 'not-serving'])

/** Twice is the same as once. */
const REPEATABLE: ReadonlySet<OperationName> = new Set([
  'key.list',
  'key.set-attribute',
  'key.wrap',
  'key.export-public',
  'key.export-value',
  'certificate.list',
  'certificate.change',
  'crypto.begin',
  'crypto.random',
])

/** @param known a login to go on with */
export function createAccount(hsm: Hsm, known?: LoginSnapshot): Account {
  const held = createHeldLogin(hsm, known)
  const asNobody = callerOf(hsm, undefined)

  /**
   * Work in the session that the login has. When that is lost the login gets another one; then the work is repeated, once, unless
   * the HSM may have done it.
   */
  function inLogin<R>(
    isRepeatable: boolean,
    work: (session: HsmSession, login: Login) => MaybePromise<R>,
  ): MaybePromise<R> {
    const login = held.signedIn()
    const { session } = login
    return orElse(
      () => work(session, login),
      async (error) => {
        if (!isLost(error)) throw error
        await held.renewed(login, session)
        if (!UNTOUCHED.has(error.code) && !isRepeatable) throw error
        return work(login.session, login)
      },
    )
  }

  const call: Account['call'] = (operation, request) =>
    inLogin(REPEATABLE.has(operation), (session) => session.call(operation, request))

  /** Never repeated: the stream is gone with its session. */
  function inStream<R>(login: Login, session: HsmSession, work: () => MaybePromise<R>): MaybePromise<R> {
    if (held.current() !== login) throw new HsmError('not-logged-in')
    if (login.session !== session) throw new HsmError('stream-not-found')
    return orElse(work, async (error) => {
      if (!isLost(error)) throw error
      await held.renewed(login, session)
      throw new HsmError('stream-not-found', undefined, { cause: error })
    })
  }

  return {
    loggedIn: () => held.current() !== undefined,
    username: () => held.current()?.username,
    snapshot() {
      const login = held.current()
      return login && { username: login.username, credential: login.credential }
    },
    login: held.begin,
    logout: held.end,
    resume: held.resume,
    leave: held.leave,
    async changePassword(old, password) {
      const { username } = held.signedIn()
      if (username === undefined) throw new HsmError('not-logged-in')
      await held.prove({ username, password: old })
      await call('user.change-password', { username, role: 'crypto-user', password })
    },
    call,
    callAsAnyone: (operation, request) => (held.current() ? call : asNobody)(operation, request),
    begin: (request) =>
      inLogin(REPEATABLE.has('crypto.begin'), (session, login) =>
        andThen(session.call('crypto.begin', request), (begun) =>
          streamOf(session, begun, (work) => inStream(login, session, work)),
        ),
      ),
  }
}

function streamOf(
  { call }: HsmSession,
  { stream, 'result-bytes': resultBytes, iv }: Reply<'crypto.begin'>,
  inStream: <R>(work: () => MaybePromise<R>) => MaybePromise<R>,
): StreamHandle {
  return {
    resultBytes,
    iv,
    update: (data) =>
      inStream(() => andThen(call('crypto.update', { stream, data }), ({ data: ready = NO_BYTES }) => ready)),
    finish: ({ data, signature }) =>
      inStream(() =>
        andThen(
          call('crypto.finish', { stream, data, signature }),
          ({ data: made = NO_BYTES, verified = false }) => ({
            data: made,
            verified,
          }),
        ),
      ),
    cancel: () => orElse(() => andThen(call('crypto.cancel', { stream }), ignore), ignore),
  }
}

const ignore = (): void => undefined
