/**
 * The login held on one cluster, and the session that it has. The password is let go of when it is proven: another session is had
 * with the credential that came with the login, or by whoever can say the password again.
 */
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import type { Request } from '../contract/operations.ts'
import type { Role } from '../contract/users.ts'

export type Credentials = { readonly username: string; readonly role: Role; readonly password: string }

export type SessionOptions = Pick<
  Request<'session.login'>,
  'key-availability-check' | 'ecdsa-with-weak-hash-function'
>

export type Login = {
  readonly username: string
  /** Undefined when the session went with its connection. */
  token: string | undefined
  /** Undefined when the HSM gave none. */
  readonly credential: string | undefined
  /** Logs in again, by the password. */
  readonly again: (() => Promise<{ token: string }>) | undefined
  renewedAt: number
}

export type LoginOptions = {
  /** Whether nobody waits for it any longer: then nobody is logged in by it. */
  readonly isGivenUp?: () => boolean
  /**
   * Who to log in as again when the session is lost. Such a login is its session and nothing else: the HSM keeps no record of it,
   * and it ends with the connection.
   */
  readonly again?: (() => Credentials) | undefined
}

export type ClusterLogin = {
  current(): Login | undefined
  /** @throws what `session.login` throws */
  begin(
    hsm: Hsm,
    who: Credentials,
    session: SessionOptions | undefined,
    options: LoginOptions,
  ): Promise<{ username: string; role: string }>
  /**
   * Another session in place of one that is lost; calls side by side wait for the same one.
   *
   * @param why the error that told of it
   * @throws when the login has ended, which is forgotten then, or cannot be resumed now
   */
  resumed(hsm: Hsm, login: Login, lost: string | undefined, why?: HsmError): Promise<void>
  /** It was used, and is renewed now and then. */
  used(hsm: Hsm, login: Login): void
  /** Its session went with the connection. @returns whether the login goes on; undefined when nobody was told of it yet */
  disconnected(): boolean | undefined
  end(): void
}

/** How long a login is used before it is renewed. */
const RENEWAL_MS = (LIMITS.loginSeconds * 1000) / 4

/** No login at first. */
export function createClusterLogin(): ClusterLogin {
  let current: Login | undefined
  let resuming: Promise<void> | undefined

  async function resume(hsm: Hsm, login: Login, why: HsmError | undefined): Promise<void> {
    try {
      const { token } = await another(hsm, login, why)
      login.token = token
      login.renewedAt = performance.now()
    } catch (error) {
      // Ended by the HSM: all logins of the user were, or the password was changed. Or it was not used for too long.
      if (isOver(error) && current === login) current = undefined
      throw error
    }
  }

  return {
    current: () => current,
    async begin(hsm, who, session, { isGivenUp = () => false, again }) {
      const opened = again ? await open(hsm, who, session) : await openResumable(hsm, who, session)
      const { token, username, role, credential } = opened
      if (isGivenUp()) {
        await hsm.call('session.logout', {}, token)
        throw new HsmError('not-logged-in')
      }
      const logIn = again && (() => open(hsm, again(), session))
      current = { username, token, credential, again: logIn, renewedAt: performance.now() }
      return { username, role }
    },
    async resumed(hsm, login, lost, why) {
      const hasAnother = login.token !== undefined && login.token !== lost
      if (hasAnother) return
      resuming ??= resume(hsm, login, why).finally(() => {
        resuming = undefined
      })
      await resuming
    },
    used(hsm, login) {
      if (login.credential === undefined || performance.now() - login.renewedAt < RENEWAL_MS) return
      login.renewedAt = performance.now()
      void hsm.call('session.renew', {}, login.token).catch(() => undefined)
    },
    disconnected() {
      if (current?.token === undefined) return undefined
      const goesOn = current.credential !== undefined || current.again !== undefined
      if (goesOn) current.token = undefined
      else current = undefined
      return goesOn
    },
    end() {
      current = undefined
    },
  }
}

const open = (hsm: Hsm, who: Credentials, session: SessionOptions | undefined) =>
  hsm.call('session.login', { ...who, 'idle-seconds': LIMITS.sessionIdleSecondsMax, ...session })

async function openResumable(hsm: Hsm, who: Credentials, session: SessionOptions | undefined) {
  try {
    return await hsm.call('session.login', {
      ...who,
      'idle-seconds': LIMITS.sessionIdleSecondsMax,
      ...session,
      resumable: true,
    })
  } catch (error) {
    // An HSM of an earlier version does not know it, and has not looked at the password.
    if (!(error instanceof HsmError && error.code === 'invalid-request')) throw error
    return open(hsm, who, session)
  }
}

/** Another session of the login. @param why there is none any more, if the HSM said so */
async function another(hsm: Hsm, { again, credential }: Login, why: HsmError | undefined) {
  if (again) return again()
  if (credential === undefined) throw why ?? new HsmError('not-logged-in')
  return hsm.call('session.resume', { credential })
}

/** An HSM of an earlier version knows of no resumption. */
const isOver = (error: unknown): boolean =>
  error instanceof HsmError && (error.code === 'not-logged-in' || error.code === 'unknown-operation')
