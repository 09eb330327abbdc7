import { isServing } from '../../cluster/cluster.ts'
import type { OtherAudited } from '../../contract/audited-operations.ts'
import { HsmError } from '../../contract/errors.ts'
import { allow } from '../../policy/decision.ts'
import { auditing } from '../journal/auditing.ts'
import { type Attempt, outcomeOf } from '../pipeline/attempt.ts'
import { answer } from '../pipeline/pipeline.ts'

/**
 * Ends a session whatever the state of the HSM: nothing but the entry in the audit log, and the end of a login that could be
 * resumed elsewhere, needs the store. Throws `unconfirmed` when that end cannot be committed.
 */
export const sessionLogout = answer<'session.logout', void, Attempt>({
  around: (attempt, _request, run) => run(attempt),
  async work({ actor, call: { session } }, { resumable }, { parts, held: attempt }) {
    if (resumable) attempt.audited = 'session.close' satisfies OtherAudited
    parts.sessions.end(actor.session)
    await parts.uses.revoke([{ session: actor.session }])
    if (session?.login !== undefined && !resumable) await endLogin(attempt, session.login)
    return {}
  },
})

/** Together with the entry in the audit log. Once it has moved to another session it is not this one's to end. */
async function endLogin(attempt: Attempt, login: string): Promise<void> {
  const { parts, call } = attempt
  try {
    if (!isServing(parts.cluster.serving)) throw new HsmError('not-serving')
    await parts.store.transact((view) => {
      const isOwn = view.login(login)?.session === call.actor.session
      const writes = isOwn ? ([{ delete: `login/${login}` }] as const) : []
      const outcome = outcomeOf(attempt, 'ok')
      return auditing(parts, view, allow(undefined, ...writes), { outcome, writes, refused: [] })
    })
    attempt.recorded = true
  } catch (cause) {
    const why = 'The session has ended, but other HSMs may not know that its login has; user logout ends it'
    throw new HsmError('unconfirmed', why, { cause })
  }
}
