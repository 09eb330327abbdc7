/** One application: what it has between C_Initialize and C_Finalize. */

import { createKeyedQueue, type KeyedQueue } from '../base/keyed-queue.ts'
import type { MaybePromise } from '../base/maybe-promise.ts'
import type { CertificateObject } from '../contract/certificates.ts'
import type { Hsm } from '../contract/hsm.ts'
import type { KeyObject } from '../contract/key-object.ts'
import type { FairShare } from '../rates/fair-share.ts'
import { type Account, createAccount } from './account.ts'
import type { Peer } from './bounds.ts'
import { CKR } from './cryptoki/returns.ts'
import { meaning, refuse } from './errors.ts'
import type { StoredReference } from './handles.ts'
import type { LoginSnapshot } from './held-login.ts'
import {
  createSessions,
  endOperations,
  type Session,
  type Sessions,
  type SessionsSnapshot,
} from './sessions.ts'
import type { Token } from './token.ts'

/** Certificates that are made on demand. */
export type KeyCertificates = {
  /** Of a private key that the user sees; undefined for one that cannot have any, or may not be used for it. */
  of(account: Account, key: KeyObject): Promise<CertificateObject | undefined>
}

export type Application = {
  /** Protocol version that its client offered. */
  readonly offered: number
  readonly token: Token
  readonly account: Account
  readonly sessions: Sessions
  /** Login and logout of the whole application, one after another. */
  readonly logins: KeyedQueue
  /** Undefined: there are none. */
  readonly keyCertificates: KeyCertificates | undefined
  /** References of keys whose certificates the program has destroyed: it sees them no more. */
  readonly withoutCertificate: Set<string>
}

/** What another process needs to go on with an application. Plain data, with a secret in it: what resumes the login. */
export type ApplicationSnapshot = {
  readonly login: LoginSnapshot | undefined
  readonly sessions: SessionsSnapshot
}

export type ApplicationNeeds = {
  readonly hsm: Hsm
  readonly token: Token
  readonly peer: Peer
  readonly sessions: FairShare<Peer>
  readonly keyCertificates: KeyCertificates | undefined
}

/**
 * @param offered protocol version of the client
 * @param from an application that another process served before
 */
export const createApplication = (
  { hsm, token, peer, sessions, keyCertificates }: ApplicationNeeds,
  offered: number,
  from?: ApplicationSnapshot,
): Application => ({
  offered,
  token,
  account: createAccount(hsm, from?.login),
  sessions: createSessions(
    { take: () => sessions.take(peer, 1), give: () => sessions.give(peer, 1) },
    from?.sessions,
  ),
  logins: createKeyedQueue(),
  keyCertificates,
  withoutCertificate: new Set(),
})

/** What another process needs to go on with the application. */
export const snapshotOf = ({ account, sessions }: Application): ApplicationSnapshot => ({
  login: account.snapshot(),
  sessions: sessions.snapshot(),
})

/** Throws CKR_SESSION_HANDLE_INVALID, and CKR_USER_NOT_LOGGED_IN: there is nothing to be done without a login. */
export function signedIn({ account, sessions }: Application, handle: number): Session {
  const session = sessions.get(handle)
  return account.loggedIn() ? session : refuse(CKR.USER_NOT_LOGGED_IN)
}

/** The login, with everything under way in it. */
export async function logout({ account, sessions }: Application): Promise<void> {
  const open = sessions.all()
  for (const session of open) {
    session.active.find = undefined
    session.own.clear()
  }
  await Promise.all(open.map(endOperations))
  await account.logout()
}

/** A session with its operations and its objects; the last one takes the login with it (v2.40 §5.6.2). */
export async function closeSession(application: Application, session: Session): Promise<void> {
  const { account, sessions } = application
  sessions.remove(session.handle)
  await endOperations(session)
  if (sessions.all().length === 0) return logout(application)
  for (const object of session.own.values()) {
    await destroy(account, object).catch(() => undefined)
  }
}

/** Throws what `key.delete` or `certificate.delete` throws, as PKCS#11 has it. */
export async function destroy(account: Account, { kind, reference }: StoredReference): Promise<void> {
  await meaning(
    { 'key-selection': CKR.OBJECT_HANDLE_INVALID, 'certificate-not-found': CKR.OBJECT_HANDLE_INVALID },
    (): MaybePromise<unknown> =>
      kind === 'key'
        ? account.call('key.delete', { filter: filterOf(reference) })
        : account.call('certificate.delete', { reference }),
  )
}

/** Selects one key. */
export const filterOf = (reference: string): string[] => [`key-reference=${reference}`]

/** Ends nothing but its session of the HSM: the login goes on elsewhere. */
export async function leaveApplication({ account, sessions }: Application): Promise<void> {
  for (const session of sessions.all()) sessions.remove(session.handle)
  await account.leave()
}

/** Everything, as C_Finalize and the end of the connection have it. */
export async function endApplication(application: Application): Promise<void> {
  for (const session of application.sessions.all()) application.sessions.remove(session.handle)
  await logout(application)
}
