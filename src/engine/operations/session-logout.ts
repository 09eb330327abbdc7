import { isServing } from '../../cluster/cluster.ts'
import { HsmError } from '../../contract/errors.ts'
import type { Parts } from '../parts.ts'
import { answer } from '../pipeline/pipeline.ts'

/**
 * Ends a session whatever the state of the HSM: nothing but the entry in the audit log, and the end of a login that could be
 * resumed elsewhere, needs the store. Throws `unconfirmed` when that end cannot be committed.
 */
export const sessionLogout = answer<'session.logout'>({
  async work({ parts, actor, call: { session } }, { resumable }) {
    parts.sessions.end(actor.session)
    await parts.uses.revoke([{ session: actor.session }])
    if (session?.login !== undefined && !resumable) await endLogin(parts, session.login, actor.session)
    return {}
  },
})

/** Once it has moved to another session it is not this one's to end. */
async function endLogin({ store, cluster }: Parts, login: string, session: string): Promise<void> {
  try {
    if (!isServing(cluster.serving)) throw new HsmError('not-serving')
    await store.transact((view) => {
      const isOwn = view.login(login)?.session === session
      return { writes: isOwn ? [{ delete: `login/${login}` }] : [], audit: [], result: undefined }
    })
  } catch (cause) {
    const why = 'The session has ended, but other HSMs may not know that its login has; user logout ends it'
    throw new HsmError('unconfirmed', why, { cause })
  }
}
