import type { Serving } from '../../cluster/cluster.ts'
import { HsmError } from '../../contract/errors.ts'
import type { Parts } from '../parts.ts'
import type { Handler } from '../pipelines.ts'

/**
 * Ends a session whatever the state of the HSM: nothing but the entry in the audit log, and the end of a login that could be
 * resumed elsewhere, needs the store. Throws `unconfirmed` when that end cannot be committed.
 */
export const sessionLogout: Handler<'session.logout'> = async (parts, { actor, session }, { resumable }) => {
  const { sessions, uses, auditQueue, cluster, now } = parts
  sessions.end(actor.session)
  await uses.revoke([{ session: actor.session }])
  const written = auditQueue.event({
    at: now(),
    actor: actor.username,
    operation: 'session.logout',
    outcome: 'ok',
    subjects: [],
  })
  const serving = isServing(cluster.serving)
  if (session?.login !== undefined && !resumable) await endLogin(parts, session.login, actor.session, serving)
  if (serving) await written
  return {}
}

/** Once it has moved to another session it is not this one's to end. */
async function endLogin({ store }: Parts, login: string, session: string, serving: boolean): Promise<void> {
  try {
    if (!serving) throw new HsmError('not-serving')
    await store.transact((view) => {
      const isOwn = view.login(login)?.session === session
      return { writes: isOwn ? [{ delete: `login/${login}` }] : [], audit: [], result: undefined }
    })
  } catch (cause) {
    const why = 'The session has ended, but other HSMs may not know that its login has; user logout ends it'
    throw new HsmError('unconfirmed', why, { cause })
  }
}

function isServing({ check }: Serving): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}
