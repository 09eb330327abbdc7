import { LIMITS } from '../contract/limits.ts'
import type { Role } from '../contract/users.ts'
import { canHold } from '../model/formats.ts'
import type { ClusterRecord, LoginRecord, UserRecord, Write } from '../model/records.ts'
import { allow, type Decision, deny } from './decision.ts'

/** How many sessions there are on this HSM, of all and of the user. */
export type Occupancy = { readonly sessions: number; readonly sessionsOfUser: number }

export type LoginFacts = Occupancy & {
  readonly cluster: ClusterRecord
  readonly role: Role
  /** The user as it is now; undefined when there is none with that name. */
  readonly user: UserRecord | undefined
  /** Whether the password fitted the user's hash. */
  readonly proven: boolean
  /** The credential version of that hash: a password changed while it was being checked proves nothing. */
  readonly provenVersion: number
  /** The record of a login that is to be resumable, and what there is besides; undefined for one that is not. */
  readonly resumable?: (Logins & { readonly login: NewLogin }) | undefined
}

/** After more wrong passwords than the limit, until an admin changes the password. */
export const isLocked = (user: UserRecord): boolean => user.wrongPasswords > LIMITS.wrongPasswords

/** No user has more sessions than are left for the others, so a few together do not keep everybody else out. */
const hasRoom = ({ sessions, sessionsOfUser }: Occupancy): boolean =>
  sessionsOfUser < Math.min(LIMITS.sessionsPerUser, LIMITS.sessions - sessions)

/** Who is logged in; `login`: if that can be resumed. */
export type LoggedIn = { readonly user: UserRecord; readonly login: LoginRecord | undefined }

/** A good password within the allowed number of tries opens a session; a wrong one is counted and at last locks. */
export function mayLogin(facts: LoginFacts): Decision<LoggedIn> {
  const { user } = facts
  if (facts.cluster.state !== 'ACTIVE') return deny('cluster-not-activated')
  if (!user?.password) return deny('bad-credentials')
  if (isLocked(user)) return deny('user-locked')
  if (!facts.proven)
    return deny('bad-credentials', undefined, { put: { ...user, wrongPasswords: user.wrongPasswords + 1 } })
  if (user.role !== facts.role || user.credentialVersion !== facts.provenVersion)
    return deny('bad-credentials')
  if (!hasRoom(facts)) return deny('too-many-sessions')
  const { login, writes } = resumableLogin(facts, user)
  return allow(
    { user, login },
    ...(user.wrongPasswords === 0 ? [] : [{ put: { ...user, wrongPasswords: 0 } }]),
    ...writes,
  )
}

/** Of the login records that there are. */
type Logins = {
  readonly now: number
  readonly count: number
  /** Those that were written first come early. */
  readonly all: Iterable<LoginRecord>
  readonly ofUser: readonly LoginRecord[]
}

type NewLogin = Omit<LoginRecord, 'kind' | 'user' | 'credentialVersion' | 'expiresAt'>

/** What is cleared away with one login: more than comes with it. */
const CLEARED = 8

/**
 * A record of the login. Whoever has too many loses the one that was renewed the longest ago, so that what was forgotten goes
 * first. When there is no room among those of all users, and in a cluster with HSMs that could not read it, there is none.
 */
function resumableLogin(
  { cluster, resumable }: LoginFacts,
  user: UserRecord,
): { readonly login: LoginRecord | undefined; readonly writes: readonly Write[] } {
  if (!resumable) return { login: undefined, writes: [] }
  const login: LoginRecord = {
    kind: 'login',
    ...resumable.login,
    user: user.id,
    credentialVersion: user.credentialVersion,
    expiresAt: expiry(resumable.now, resumable.login.idleMs),
  }
  const gone = toClear(resumable)
  const writes = [...gone].map((id): Write => ({ delete: `login/${id}` }))
  const hasRoomFor = resumable.count - gone.size < LIMITS.logins
  if (!hasRoomFor || !canHold(cluster, login)) return { login: undefined, writes }
  return { login, writes: [...writes, { put: login }] }
}

/** @returns ids */
function toClear({ now, count, all, ofUser }: Logins): ReadonlySet<string> {
  const gone = new Set<string>()
  for (const { id, expiresAt } of all) {
    if (expiresAt > now || gone.size >= CLEARED) break
    gone.add(id)
  }
  const mostOfUser = Math.min(LIMITS.loginsPerUser, LIMITS.logins - count)
  if (ofUser.length < mostOfUser) return gone
  const [oldest] = ofUser.toSorted((a, b) => a.expiresAt - b.expiresAt)
  return oldest ? gone.add(oldest.id) : gone
}

/** For how long from now a login can be resumed, if it is not renewed. */
export const resumableSeconds = ({ expiresAt }: LoginRecord, now: number): number =>
  Math.max(0, Math.floor((expiresAt - now) / 1000))

/** A session ends when it is idle; its login does not outlive that by much. */
const expiry = (now: number, idleMs: number): number => now + Math.min(LIMITS.loginSeconds * 1000, idleMs)

export type ResumeFacts = Occupancy & {
  readonly user: UserRecord | undefined
  readonly login: LoginRecord | undefined
  /** Whether the secret is that of the login. */
  readonly proven: boolean
  readonly through: LoginRecord['through']
  /** Id of the session that is to be opened. */
  readonly session: string
  readonly now: number
}

const ENDED = 'The login has ended, log in again'

/**
 * Another session takes the place of the one that the login had. What is not good any more is refused in one way, whatever is
 * wrong with it. That a user is locked is no reason: it ends no session either.
 */
export function mayResume(facts: ResumeFacts): Decision<{ user: UserRecord; login: LoginRecord }> {
  const { user, login, proven, through, session, now } = facts
  const isGood = login && proven && isAlive(login, user, now) && leadsTo(login.through, through)
  if (!user || !isGood) return deny('not-logged-in', ENDED)
  if (!hasRoom(facts)) return deny('too-many-sessions')
  const resumed: LoginRecord = { ...login, through, session, expiresAt: expiry(now, login.idleMs) }
  return allow({ user, login: resumed }, { put: resumed })
}

/**
 * Whether the session of a resumed login is to be opened: the login may have ended, or gone on elsewhere, since that was committed.
 *
 * @param now the login and the user as they are
 */
export const mayOpen = (
  resumed: LoginRecord,
  now: { readonly login: LoginRecord | undefined; readonly user: UserRecord | undefined },
): Decision<void> =>
  now.login?.session === resumed.session && now.user?.credentialVersion === resumed.credentialVersion
    ? allow(undefined)
    : deny('not-logged-in', ENDED)

/** @param session id of the one that asks @returns the login as it is then; undefined when it cannot be resumed */
export function mayRenew(
  { user, login, now }: Pick<ResumeFacts, 'user' | 'login' | 'now'>,
  session: string,
): Decision<LoginRecord | undefined> {
  if (!login || login.session !== session || !isAlive(login, user, now)) return allow(undefined)
  const renewed: LoginRecord = { ...login, expiresAt: expiry(now, login.idleMs) }
  return allow(renewed, { put: renewed })
}

const isAlive = (login: LoginRecord, user: UserRecord | undefined, now: number): boolean =>
  login.user === user?.id && login.credentialVersion === user.credentialVersion && now < login.expiresAt

/**
 * A login stays with its interface, except that programs at a PKCS#11 socket are served over HTTPS by the keeper when their HSM
 * is gone.
 */
const leadsTo = (from: LoginRecord['through'], to: LoginRecord['through']): boolean =>
  from === to || (from === 'pkcs11' && to === 'https')

/** What a change of the user's credential version by the session itself makes of its login: it outlives that, too. */
export const survives = (login: LoginRecord | undefined, after: UserRecord): readonly Write[] =>
  login?.user === after.id && login.session === after.survivingSession
    ? [{ put: { ...login, credentialVersion: after.credentialVersion } }]
    : []
