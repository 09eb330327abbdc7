import { LIMITS } from '../contract/limits.ts'
import type { Role } from '../contract/users.ts'
import type { ClusterRecord, UserRecord } from '../model/records.ts'
import { allow, type Decision, deny } from './decision.ts'

export type LoginFacts = {
  readonly cluster: ClusterRecord
  readonly role: Role
  /** The user as it is now; undefined when there is none with that name. */
  readonly user: UserRecord | undefined
  /** Whether the password fitted the user's hash. */
  readonly proven: boolean
  /** The credential version of that hash: a password changed while it was being checked proves nothing. */
  readonly provenVersion: number
  readonly sessions: number
  readonly sessionsOfUser: number
}

export const isLocked = (user: UserRecord): boolean => user.wrongPasswords > LIMITS.wrongPasswords

/** No user has more sessions than are left for the others, so a few together do not keep everybody else out. */
const hasRoom = ({ sessions, sessionsOfUser }: LoginFacts): boolean =>
  sessionsOfUser < Math.min(LIMITS.sessionsPerUser, LIMITS.sessions - sessions)

/** A good password within the allowed number of tries opens a session; a wrong one is counted and at last locks. */
export function login(facts: LoginFacts): Decision<UserRecord> {
  const { user } = facts
  if (facts.cluster.state !== 'ACTIVE') return deny('cluster-not-activated')
  if (!user?.password) return deny('bad-credentials')
  if (isLocked(user)) return deny('user-locked')
  if (!facts.proven)
    return deny('bad-credentials', undefined, { put: { ...user, wrongPasswords: user.wrongPasswords + 1 } })
  if (user.role !== facts.role || user.credentialVersion !== facts.provenVersion)
    return deny('bad-credentials')
  if (!hasRoom(facts)) return deny('too-many-sessions')
  return user.wrongPasswords === 0 ? allow(user) : allow(user, { put: { ...user, wrongPasswords: 0 } })
}
