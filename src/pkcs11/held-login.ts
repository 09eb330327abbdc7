/** One login, and the session of the HSM that it has at the moment. */
import { type ErrorCode, HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'

export type Credentials = { readonly username: string; readonly password: string }

export type Login = {
  readonly username: string
  password: Buffer
  token: string
  renewing: Promise<void> | undefined
}

export type HeldLogin = {
  current(): Login | undefined
  /** Throws `not-logged-in`. */
  signedIn(): Login
  /** Throws `already-logged-in`, and what `session.login` throws. */
  begin(credentials: Credentials): Promise<void>
  /** Never throws. */
  end(): Promise<void>
  /** Ends the session and keeps the login, which somebody else goes on with. Never throws. */
  leave(): Promise<void>
  /** Throws `bad-credentials` and the like when that is not the password. */
  prove(credentials: Credentials): Promise<void>
  /**
   * A new session in place of one that is lost. All that notice the same loss wait for the same one.
   * Throws `not-logged-in` when the login has ended, or its password is not good any more.
   */
  renewed(login: Login, lost: string): Promise<void>
}

/** The password is wrong now, or the user is gone: trying it again would only lock the user. */
const OVER: ReadonlySet<ErrorCode> = new Set(['bad-credentials', 'user-locked', 'user-not-found'])

/** @param known a login to go on with; its session is opened when it is first needed */
export function createHeldLogin(hsm: Hsm, known?: Credentials): HeldLogin {
  let current: Login | undefined = known && loginOf(known, '')

  const open = async ({ username, password }: Credentials): Promise<string> => {
    const idle = { 'idle-seconds': LIMITS.sessionIdleSecondsMax }
    return (await hsm.call('session.login', { username, role: 'crypto-user', password, ...idle })).token
  }
  const close = (token: string) => hsm.call('session.logout', {}, token).then(ignore, ignore)

  function forget(login: Login): void {
    login.password.fill(0)
    if (current === login) current = undefined
  }

  async function renew(login: Login): Promise<void> {
    const old = login.token
    try {
      const token = await open({ username: login.username, password: login.password.toString() })
      // It may live on where the answer was lost.
      void close(old)
      if (current === login) login.token = token
      else await close(token)
    } catch (error) {
      if (!(error instanceof HsmError && OVER.has(error.code))) throw error
      forget(login)
    }
  }

  return {
    current: () => current,
    signedIn() {
      if (current) return current
      throw new HsmError('not-logged-in')
    },
    async begin(credentials) {
      if (current) throw new HsmError('already-logged-in')
      current = loginOf(credentials, await open(credentials))
    },
    async end() {
      const login = current
      if (!login) return
      forget(login)
      await close(login.token)
    },
    async leave() {
      if (current) await close(current.token)
    },
    prove: async (credentials) => close(await open(credentials)),
    async renewed(login, lost) {
      if (login.token === lost) {
        login.renewing ??= renew(login).finally(() => {
          login.renewing = undefined
        })
        await login.renewing
      }
      if (current !== login) throw new HsmError('not-logged-in')
    },
  }
}

const loginOf = ({ username, password }: Credentials, token: string): Login => ({
  username,
  password: Buffer.from(password),
  token,
  renewing: undefined,
})

const ignore = (): void => undefined
