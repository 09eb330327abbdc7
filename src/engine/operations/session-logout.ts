import type { Serving } from '../../cluster/cluster.ts'
import type { Handler } from '../pipelines.ts'

/** Ends a session whatever the state of the HSM: nothing but the entry in the audit log needs the store. */
export const sessionLogout: Handler<'session.logout'> = async (parts, { actor }) => {
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
  if (isServing(cluster.serving)) await written
  return {}
}

function isServing({ check }: Serving): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}
