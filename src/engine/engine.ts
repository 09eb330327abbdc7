/** The HSM itself: find out who asks, check the request, ask policy, let the operation run. */

import { createKeyedQueue } from '../base/keyed-queue.ts'
import { createBarrier } from '../cluster/barrier.ts'
import { alone } from '../cluster/cluster.ts'
import { createUses } from '../cluster/uses.ts'
import { type CallSource, LOCAL } from '../contract/call-source.ts'
import { checkRequest, isOperation } from '../contract/check.ts'
import { type ErrorCode, HsmError } from '../contract/errors.ts'
import type { Admit, Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import { OPERATIONS, type OperationName } from '../contract/operations.ts'
import { mayAsk } from '../policy/access.ts'
import { NOBODY } from '../policy/actor.ts'
import { revocationsOf } from '../policy/revocation.ts'
import { createChallenges } from '../session/challenges.ts'
import { createSessions, isCurrent, type Sessions } from '../session/sessions.ts'
import type { Change } from '../store/store.ts'
import type { Call } from './call.ts'
import { found } from './founding.ts'
import { createAuditQueue } from './journal/audit-queue.ts'
import { keyUses } from './journal/key-uses.ts'
import { createKeyring } from './keys/keyring.ts'
import type { EngineNeeds } from './needs.ts'
import { HANDLERS } from './operations/handlers.ts'
import type { Parts } from './parts.ts'
import { newAttempt, noteRequest, recordRefusal } from './pipeline/attempt.ts'
import { granted } from './pipeline/granted.ts'
import type { Handler } from './pipeline/pipeline.ts'
import { createBackups } from './replication/backups.ts'
import { createStreams } from './streams/streams.ts'

export type Engine = Hsm & {
  /** What `call` begins with, for those who have a request yet to read. */
  readonly admit: Admit
  /** Writes the first records of a new cluster; does nothing to a store that has one. */
  found(): Promise<void>
  /** Resolves when every use of a key here that a commit up to `revision` has ended is over. */
  settled(revision: number): Promise<void>
  /** Forgets every session and parsed key, and writes the rest of the audit log. The store is the caller's to close. */
  close(): Promise<void>
}

export function createEngine(needs: EngineNeeds): Engine {
  const parts = assemble(needs)
  return {
    admit(operation, token, source = LOCAL) {
      if (!isOperation(operation)) throw new HsmError('unknown-operation')
      const call = asking(parts, operation, token, source)
      const refused = (code: ErrorCode) => void recordRefusal(newAttempt(parts, operation, call), code)
      const may = mayAsk(call.actor, OPERATIONS[operation].access)
      if (!may.allow) refused(may.code)
      granted(may)
      const { session } = call
      return {
        refused,
        user: session?.user,
        revokes: 'revokes' in OPERATIONS[operation],
        requestBytes: session ? LIMITS.bodyBytes : LIMITS.anonymousBodyBytes,
      }
    },
    async call(operation, request, token, source = LOCAL) {
      if (!isOperation(operation)) throw new HsmError('unknown-operation')
      const attempt = newAttempt(parts, operation, asking(parts, operation, token, source))
      try {
        granted(mayAsk(attempt.call.actor, attempt.row.access))
        const checked = checkRequest(operation, request)
        noteRequest(attempt, checked)
        return await (HANDLERS[operation] as Handler<typeof operation>)(attempt, checked)
      } catch (thrown) {
        const error = asHsmError(parts, operation, thrown)
        await recordRefusal(attempt, error.code)
        throw error
      }
    },
    found: () => found(needs),
    settled: parts.barrier.settled,
    async close() {
      parts.sessions.endAll(() => true)
      parts.keyring.close()
      await parts.auditQueue.close()
      await needs.keyUseJournal?.close()
    },
  }
}

/** Also by an HSM whose state may be out of date: what is asked to find out why, and the end of a session. */
const ALWAYS_ANSWERED: ReadonlySet<OperationName> = new Set([
  'cluster.hsm-info',
  'cluster.status',
  'session.logout',
])

function assemble(needs: EngineNeeds): Parts {
  const { store, monotonic, random, hsm } = needs
  const cluster = needs.cluster ?? alone(() => ({ ...hsm, address: hsm.address() }))
  const uses = createUses()
  const auditQueue = createAuditQueue(needs)
  const sessions = createSessions({ monotonic, random })
  sessions.onEnd(({ user }) => auditQueue.endOf(user))
  sessions.onEnd(({ id }) => void uses.revoke([{ session: id }]))
  const keyring = createKeyring(needs.sealer, sessions)
  const streams = createStreams(uses, sessions)
  const challenges = createChallenges({ random, monotonic, sessions })
  const backups = createBackups(sessions)
  const barrier = createBarrier(store, uses, revocationsOf, cluster.others)
  store.subscribe((changes) => {
    for (const { before, after } of changes) {
      forget({ sessions, keyring }, before, after)
      leave(sessions, before, after)
    }
  })
  return {
    ...needs,
    sessions,
    uses,
    barrier,
    keyring,
    streams,
    challenges,
    backups,
    auditQueue,
    keyUses: keyUses(needs.keyUseJournal, needs.now),
    logins: createKeyedQueue(),
    startedAt: monotonic(),
    cluster,
  }
}

/** What a right that ended leaves behind in memory. */
function forget(
  { sessions, keyring }: Pick<Parts, 'sessions' | 'keyring'>,
  before: Change['before'],
  after: Change['after'],
) {
  for (const { key, user } of revocationsOf(before, after)) {
    if (key !== undefined) keyring.drop(key)
    else
      sessions.endAll(
        (session) => session.user === user && !isCurrent(session, after?.kind === 'user' ? after : undefined),
      )
  }
}

/** A login that was resumed, here or on another HSM, has left its session. */
function leave(sessions: Sessions, before: Change['before'], after: Change['after']): void {
  if (before?.kind !== 'login' || after?.kind !== 'login') return
  if (before.session !== after.session) sessions.end(before.session)
}

/** Who asks. Whether they may at all comes next, before anything that costs, as does looking at the request. */
function asking(parts: Parts, operation: OperationName, token: string | undefined, source: CallSource): Call {
  if (!ALWAYS_ANSWERED.has(operation)) parts.cluster.serving.check()
  return { ...who(parts, token), source }
}

function who({ sessions, store }: Parts, token: string | undefined): Omit<Call, 'source'> {
  if (token === undefined) return { actor: NOBODY, session: undefined }
  const session = sessions.resolve(token)
  const user = session && store.catalog.user(session.user)
  if (!session || !user || !isCurrent(session, user))
    throw new HsmError('not-logged-in', 'The login has ended, log in again')
  return { actor: { id: user.id, username: user.username, role: user.role, session: session.id }, session }
}

function asHsmError({ log }: Parts, operation: string, error: unknown): HsmError {
  if (error instanceof HsmError) return error
  log('error', { operation, err: error }, 'operation failed unexpectedly')
  return new HsmError('internal', undefined, { cause: error })
}
