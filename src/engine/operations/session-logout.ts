import { allow } from '../../policy/decision.ts'
import { change } from '../pipelines.ts'

export const sessionLogout = change('session.logout', {
  decide: () => allow(undefined),
  localOnly: true,
  async reply({ sessions, uses }, { actor }) {
    sessions.end(actor.session)
    await uses.revoke([{ session: actor.session }])
    return {}
  },
})
