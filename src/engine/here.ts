/** What this HSM alone knows, as far as rules go by it. */
import type { PublicObjects } from '../contract/public-objects.ts'
import type { UserRecord } from '../model/records.ts'
import type { Occupancy } from '../policy/login.ts'
import type { Sessions } from '../session/sessions.ts'
import type { EngineNeeds } from './needs.ts'

export type Here = {
  /** Unix time in milliseconds. */
  readonly now: () => number
  /** What is shown before login. */
  readonly publicObjects: PublicObjects
  /** How many sessions there are on this HSM, of all and of the user. */
  readonly occupancy: (user: UserRecord | undefined) => Occupancy
  /** The id of this HSM, if the user is logged in on it. */
  readonly loggedInOn: (user: UserRecord | undefined) => string | undefined
}

/** @param needs `publicObjects`: left out, certificates */
export function createHere(
  { now, hsm, publicObjects = 'certificates' }: Pick<EngineNeeds, 'now' | 'hsm' | 'publicObjects'>,
  sessions: Pick<Sessions, 'count' | 'countOf'>,
): Here {
  const occupancy = (user: UserRecord | undefined): Occupancy => ({
    sessions: sessions.count(),
    sessionsOfUser: user ? sessions.countOf(user.id) : 0,
  })
  return {
    now,
    publicObjects,
    occupancy,
    loggedInOn: (user) => (user && sessions.countOf(user.id) > 0 ? hsm.id : undefined),
  }
}
