/** Calls in one login, which outlives the session it was given: HSMs restart and fail over, and programs should not notice. */
import { type ErrorCode, HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import type { OperationName, Reply, Request } from '../contract/operations.ts'
import { type Credentials, createHeldLogin, isLost, type Login, type LoginSnapshot } from './held-login.ts'

/** A stream of the HSM. It lives in one session of the HSM and ends with it: then every call is `stream-not-found`. */
export interface StreamHandle {
  /** Of signatures, MACs and what RSA makes of a message; undefined of the others. */
  readonly resultBytes: number | undefined
  update(data: Uint8Array): Promise<Buffer>
  finish(last: { data?: Uint8Array; signature?: Uint8Array }): Promise<{ data: Buffer; verified: boolean }>
  /** Never throws. */
  cancel(): Promise<void>
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
  /** Leaves the login to another process: only the HSM's session ends. Never throws. */
  leave(): Promise<void>
  /** Throws `bad-credentials` when `old` is not the present password, or what `user.change-password` throws. */
  changePassword(old: string, password: string): Promise<void>
  /**
   * A call in the session of the login. When the session is gone, resumes the login, at most once, and repeats a call that
   * is safe to repeat. Throws `not-logged-in` when there is no login, or it has ended.
   */
  call<K extends OperationName>(operation: K, request: Request<K>): Promise<Reply<K>>
  begin(request: Request<'crypto.begin'>): Promise<StreamHandle>
  /** As `call` when there is a login, and else as nobody. Throws `not-logged-in` for what is shown to users alone. */
  callAsAnyone: Account['call']
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

  async function call<K extends OperationName>(
    operation: K,
    request: Request<K>,
  ): Promise<{ reply: Reply<K>; login: Login; token: string }> {
    const login = held.signedIn()
    const token = login.token
    try {
      return { reply: await hsm.call(operation, request, token), login, token }
    } catch (error) {
      if (!isLost(error)) throw error
      await held.renewed(login, token)
      if (!UNTOUCHED.has(error.code) && !REPEATABLE.has(operation)) throw error
      const now = login.token
      return { reply: await hsm.call(operation, request, now), login, token: now }
    }
  }

  /** Never repeated: the stream is gone with its session. */
  async function inStream<R>(login: Login, token: string, answer: () => Promise<R>): Promise<R> {
    if (held.current() !== login) throw new HsmError('not-logged-in')
    if (login.token !== token) throw new HsmError('stream-not-found')
    try {
      return await answer()
    } catch (error) {
      if (!isLost(error)) throw error
      await held.renewed(login, token)
      throw new HsmError('stream-not-found', undefined, { cause: error })
    }
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
    leave: held.leave,
    async changePassword(old, password) {
      const { username } = held.signedIn()
      await held.prove({ username, password: old })
      await call('user.change-password', { username, role: 'crypto-user', password })
    },
    call: async (operation, request) => (await call(operation, request)).reply,
    async callAsAnyone(operation, request) {
      return held.current() ? (await call(operation, request)).reply : hsm.call(operation, request)
    },
    async begin(request) {
      const { reply, login, token } = await call('crypto.begin', request)
      return streamOf(hsm, reply, token, (answer) => inStream(login, token, answer))
    },
  }
}

function streamOf(
  hsm: Hsm,
  { stream, 'result-bytes': resultBytes }: Reply<'crypto.begin'>,
  token: string,
  inSession: <R>(answer: () => Promise<R>) => Promise<R>,
): StreamHandle {
  return {
    resultBytes,
    update: (data) =>
      inSession(async () => {
        const { data: ready } = await hsm.call('crypto.update', { stream, data: base64(data) }, token)
        return Buffer.from(ready ?? '', 'base64')
      }),
    finish: ({ data, signature }) =>
      inSession(async () => {
        const last = {
          stream,
          ...(data && { data: base64(data) }),
          ...(signature && { signature: base64(signature) }),
        }
        const done = await hsm.call('crypto.finish', last, token)
        return { data: Buffer.from(done.data ?? '', 'base64'), verified: done.verified ?? false }
      }),
    cancel: () => hsm.call('crypto.cancel', { stream }, token).then(ignore, ignore),
  }
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
const ignore = (): void => undefined
