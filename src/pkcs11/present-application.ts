/** The application at the other end of a connection, if there is one: what begins it, goes on with it and ends it. */
import {
  type Application,
  type ApplicationNeeds,
  type ApplicationSnapshot,
  createApplication,
  endApplication,
  leaveApplication,
} from './application.ts'
import { CKR } from './cryptoki/returns.ts'
import { refuse } from './errors.ts'
import { type Remembered, remembered, resume } from './resume.ts'
import { malformed } from './rpc/malformed.ts'

export type PresentApplication = {
  /** Undefined before C_Initialize and after C_Finalize. */
  get(): Application | undefined
  /** Throws CKR_CRYPTOKI_NOT_INITIALIZED. */
  initialized(): Application
  /** A login that is gone on with counts when the HSM has resumed it. */
  isLoggedIn(): boolean
  /** C_Initialize. Throws MalformedRequest. @param offered protocol version of the client */
  begin(offered: number, handshake: Buffer | undefined): void
  /** In its place: where another connection broke. Whether somebody is logged in; throws when the HSM cannot tell. */
  goOn(offered: number, known: Remembered): Promise<boolean>
  /** Ends its login, its session objects and what is under way. */
  end(): Promise<void>
  /** Ends nothing but its session of the HSM. */
  leave(): Promise<void>
}

/** What the client says first, so that nobody talks to something else by mistake. */
const HANDSHAKE = Buffer.from('PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1')

/** @param from an application that another process served before */
export function createPresentApplication(
  needs: ApplicationNeeds,
  from?: { readonly offered: number; readonly application: ApplicationSnapshot },
): PresentApplication {
  /** Whose login nobody has proven yet. */
  let unproven: Application | undefined
  let present: Application | undefined = from && createApplication(needs, from.offered, from.application)

  function take(): Application | undefined {
    const taken = present
    present = undefined
    return taken
  }

  function enter(application: Application): Application {
    present = application
    return application
  }

  const none = (): void => (present ? refuse(CKR.CRYPTOKI_ALREADY_INITIALIZED) : undefined)

  return {
    get: () => present,
    initialized: () => present ?? refuse(CKR.CRYPTOKI_NOT_INITIALIZED),
    isLoggedIn: () => present !== undefined && present !== unproven && present.account.loggedIn(),
    begin(offered, handshake) {
      none()
      if (!handshake?.equals(HANDSHAKE)) malformed('handshake')
      enter(createApplication(needs, offered))
    },
    async goOn(offered, known) {
      none()
      const application = enter(remembered(needs, offered, known))
      unproven = application
      try {
        return await resume(application)
      } catch (error) {
        // Its login is not to end: it tries again, here or elsewhere.
        if (present === application) {
          present = undefined
          await leaveApplication(application)
        }
        throw error
      } finally {
        unproven = undefined
      }
    },
    async end() {
      const ending = take()
      if (ending) await endApplication(ending)
    },
    async leave() {
      const left = take()
      if (left) await leaveApplication(left)
    },
  }
}
