/**
 * One login, and the session of the HSM that it has at the moment. The password is let go of when it is proven: another session is
 * had with the credential that came with the login.
 */
import { type ErrorCode, HsmError } from '../contract/errors.ts'
import { type Caller, callerOf, type Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import type { Reply } from '../contract/operations.ts'

/** As they were given to C_Login. */
export type Credentials = { readonly username: string; readonly password: string }

/** What another process needs to go on with a login. */
export type LoginSnapshot = {
  /** Undefined until the HSM says it. */
  readonly username: string | undefined
  /** Undefined when the HSM gave none: the login ends with its session. */
  readonly credential: string | undefined
}

/** A session of the HSM. */
export type HsmSession = { readonly token: string; readonly call: Caller }

export type Login = {
  username: string | undefined
  readonly credential: string | undefined
  session: HsmSession
  renewing: Promise<void> | undefined
}

export type HeldLogin = {
  current(): Login | undefined
  /** Throws `not-logged-in`. */
  signedIn(): Login
  /** Throws `already-logged-in`, what `session.login` throws, and `not-logged-in` when it is ended or left meanwhile. */
  begin(credentials: Credentials): Promise<void>
  /** The login ends with its session, also when that is lost. Never throws. */
  end(): Promise<void>
  /** Ends the session and keeps the login, which somebody else goes on with. Never throws. */
  leave(): Promise<void>
  /** Throws `bad-credentials` and the like when that is not the password. */
  prove(credentials: Credentials): Promise<void>
  /**
   * A new session in place of one that is lost. All that notice the same loss wait for the same one.
   * Throws `not-logged-in` when the login has ended.
   */
  renewed(login: Login, lost: HsmSession): Promise<void>
  /** Has the session of a login that is gone on with; if that has ended there is none any more. Throws what else stands in its way. */
  resume(): Promise<void>
}

/** An HSM of an earlier version refuses what it does not know, before it looks at the password. */
const NOT_KNOWN: ErrorCode = 'invalid-request'

/** How often a login is renewed while it lasts: three failures in a row are of no account. */
const RENEWAL_MS = (LIMITS.loginSeconds * 1000) / 4

/** @param known a login to go on with; its session is opened when it is first needed */
export function createHeldLogin(hsm: Hsm, known?: LoginSnapshot): HeldLogin {
  let current: Login | undefined
  /** Tells a login that is being proven that nobody waits for it any more. */
  let endings = 0
  const renewal = createRenewal(hsm, lost)

  function hold(login: Login | undefined): void {
    current = login
    renewal.of(login)
  }

  /** A program that is quiet for days has its session end, and not its login. */
  async function lost(login: Login, error: unknown): Promise<void> {
    if (isOver(error)) await renewed(login, login.session).catch(ignore)
  }

  const forget = (login: Login): void => (current === login ? hold(undefined) : undefined)

  async function resume(login: Login): Promise<void> {
    const next = await resumed(hsm, login)
    if (!next) return forget(login)
    if (current !== login) return close(hsm, next.token)
    login.username = next.username
    login.session = sessionOf(hsm, next.token)
  }

  async function renewed(login: Login, lost: HsmSession): Promise<void> {
    if (login.session === lost) {
      login.renewing ??= resume(login).finally(() => {
        login.renewing = undefined
      })
      await login.renewing
    }
    if (current !== login) throw new HsmError('not-logged-in')
  }

  if (known) hold({ ...known, session: sessionOf(hsm, ''), renewing: undefined })
  return {
    current: () => current,
    signedIn() {
      if (current) return current
      throw new HsmError('not-logged-in')
    },
    async begin(credentials) {
      if (current) throw new HsmError('already-logged-in')
      const before = endings
      // As the HSM writes it: in lower case.
      const { token, username, credential } = await open(hsm, credentials)
      const login: Login = { username, credential, session: sessionOf(hsm, token), renewing: undefined }
      if (endings === before) return hold(login)
      await logout(hsm, login).catch(ignore)
      throw new HsmError('not-logged-in')
    },
    async end() {
      endings += 1
      const login = current
      if (!login) return
      forget(login)
      await logout(hsm, login).catch(ignore)
    },
    async leave() {
      endings += 1
      renewal.of(undefined)
      if (current) await close(hsm, current.session.token, true)
    },
    async prove(credentials) {
      const { token } = await hsm.call('session.login', requestOf(credentials))
      await close(hsm, token)
    },
    renewed,
    async resume() {
      if (current) await renewed(current, current.session).catch(unlessOver)
    },
  }
}

/** Renews the login of which it was told last, if that can be renewed. @param onLost told why it could not be */
function createRenewal(hsm: Hsm, onLost: (login: Login, error: unknown) => Promise<void>) {
  let timer: NodeJS.Timeout | undefined
  const renew = (login: Login) =>
    void hsm.call('session.renew', {}, login.session.token).catch((error) => onLost(login, error))
  return {
    of(login: Login | undefined) {
      clearInterval(timer)
      if (login?.credential !== undefined) timer = setInterval(renew, RENEWAL_MS, login).unref()
    },
  }
}

const sessionOf = (hsm: Hsm, token: string): HsmSession => ({ token, call: callerOf(hsm, token) })

/** Another session; undefined when the login has ended. */
async function resumed(hsm: Hsm, { credential }: Login): Promise<Reply<'session.resume'> | undefined> {
  if (credential === undefined) return undefined
  try {
    return await hsm.call('session.resume', { credential })
  } catch (error) {
    if (isOver(error)) return undefined
    throw error
  }
}

/** Never throws. @param resumable the login stays */
const close = (hsm: Hsm, token: string, resumable = false): Promise<void> =>
  hsm.call('session.logout', resumable ? { resumable } : {}, token).then(ignore, ignore)

const requestOf = (credentials: Credentials) => ({
  ...credentials,
  role: 'crypto-user' as const,
  'idle-seconds': LIMITS.sessionIdleSecondsMax,
})

async function open(hsm: Hsm, credentials: Credentials) {
  const request = requestOf(credentials)
  try {
    return await hsm.call('session.login', { ...request, resumable: true })
  } catch (error) {
    if (!(error instanceof HsmError && error.code === NOT_KNOWN)) throw error
    return await hsm.call('session.login', request)
  }
}

/** Only a session of the login can end it: one that is lost is had once more. */
async function logout(hsm: Hsm, login: Login): Promise<void> {
  try {
    await hsm.call('session.logout', {}, login.session.token)
  } catch (error) {
    const another = isLost(error) ? await resumed(hsm, login) : undefined
    if (another) await hsm.call('session.logout', {}, another.token)
  }
}

const LOST: ReadonlySet<ErrorCode> = new Set(['not-logged-in', 'not-serving', 'unavailable'])
/** The session is gone, or may be: the login may have another one. */
export const isLost = (error: unknown): error is HsmError => error instanceof HsmError && LOST.has(error.code)

const OVER: ReadonlySet<ErrorCode> = new Set(['not-logged-in', 'unknown-operation'])
const isOver = (error: unknown): boolean => error instanceof HsmError && OVER.has(error.code)

function unlessOver(error: unknown): void {
  if (!isOver(error)) throw error
}

const ignore = (): void => undefined
