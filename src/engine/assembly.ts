/** The parts of an engine, put together: what ends with a session, and what with a right. */
import { createKeyedQueue } from '../base/keyed-queue.ts'
import { createBarrier } from '../cluster/barrier.ts'
import { alone } from '../cluster/cluster.ts'
import { createUses } from '../cluster/uses.ts'
import { isCurrent } from '../policy/access.ts'
import { revocationsOf } from '../policy/revocation.ts'
import { createChallenges } from '../session/challenges.ts'
import { createSessions, type Sessions } from '../session/sessions.ts'
import type { Change } from '../store/store.ts'
import { createHere } from './here.ts'
import { createAuditQueue } from './journal/audit-queue.ts'
import { createUseRecorder } from './journal/use-recorder.ts'
import { createKeyring } from './keys/keyring.ts'
import { createMaterials } from './keys/materials.ts'
import type { EngineNeeds } from './needs.ts'
import type { Parts } from './parts.ts'
import { createBackups } from './replication/backups.ts'
import { createStreams } from './streams/streams.ts'

/** Nothing is under way at first; from now on what a commit ends is ended here. */
export function assemble(needs: EngineNeeds): Parts {
  const { store, monotonic, random, hsm } = needs
  const cluster = needs.cluster ?? alone(() => ({ ...hsm, address: hsm.address() }), store.check)
  const uses = createUses()
  const auditQueue = createAuditQueue(needs)
  const sessions = createSessions({ monotonic, random })
  sessions.onEnd(({ user }) => auditQueue.endOf(user))
  sessions.onEnd(({ id }) => void uses.revoke([{ session: id }]))
  const materials = createMaterials(store, sessions)
  const keyring = createKeyring({ sealer: needs.sealer, materials, sessions })
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
    materials,
    keyring,
    streams,
    challenges,
    backups,
    auditQueue,
    here: createHere(needs, sessions),
    useRecorder: createUseRecorder(needs.keyUseJournal, needs.now),
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
