/** Which connections there may be: each peer has its share, and who is nobody and does nothing gives way to who comes. */
import type { Connection } from './connection.ts'
import { createSupply, type Peer } from './supply.ts'

export type Admission = {
  /** Undefined when there is no place. What is returned gives the place back; `turnOut` is called when it is needed. */
  admit(peer: Peer, turnOut: () => void): Place | undefined
}

export type Place = {
  /** To be called once, as soon as it is known who has it. */
  taken(connection: Connection): void
  giveBack(): void
}

type Taken = { readonly peer: Peer; readonly turnOut: () => void; connection?: Connection }

export function createAdmission(most: number): Admission {
  const supply = createSupply(most)
  /** In the order in which they came. */
  const places = new Set<Taken>()

  /** Who has places makes room among them; who has none yet gets one of the peer that has the most. */
  function turnOutOne(comer: Peer): boolean {
    const mayTake = ({ peer }: Taken) => supply.heldBy(comer) === 0 || peer === comer
    const idle = [...places].filter((place) => place.connection?.isIdleAnonymous() && mayTake(place))
    const most = Math.max(...idle.map(({ peer }) => supply.heldBy(peer)))
    const victim = idle.find(({ peer }) => supply.heldBy(peer) === most)
    if (!victim) return false
    giveBack(victim)
    victim.turnOut()
    return true
  }

  function giveBack(place: Taken): void {
    if (places.delete(place)) supply.give(place.peer, 1)
  }

  return {
    admit(peer, turnOut) {
      while (!supply.take(peer, 1)) if (!turnOutOne(peer)) return undefined
      const place: Taken = { peer, turnOut }
      places.add(place)
      return {
        taken(connection) {
          place.connection = connection
        },
        giveBack: () => giveBack(place),
      }
    },
  }
}
