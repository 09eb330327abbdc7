/**
 * Which connections are accepted: each peer has its share, and idle connections without a login give way to new ones.
 */
import { createEvictable } from '../listener/eviction.ts'
import { createFairShare } from '../rates/fair-share.ts'
import type { Peer } from './bounds.ts'
import type { Connection } from './connection.ts'

export type ConnectionAdmission = {
  /** Undefined when there is no place. What is returned gives the place back; `evict` is called when it is needed. */
  admit(peer: Peer, evict: () => void): Place | undefined
}

/** A place that a connection has among all that there may be. */
export type Place = {
  /** To be called once, as soon as it is known who has it. */
  taken(connection: Pick<Connection, 'isIdleAnonymous'>): void
  /** Who is logged in keeps its place. To be called when that has changed. */
  loggedIn(isLoggedIn: boolean): void
  giveBack(): void
}

type Taken = { readonly peer: Peer; readonly evict: () => void; isHeld: () => boolean }

/** @param most connections of all peers together */
export function createConnectionAdmission(most: number): ConnectionAdmission {
  const share = createFairShare<Peer>(most)
  const places = new Set<Taken>()
  const evictable = createEvictable<Peer, Taken>()

  /** Who has places makes room among them; who has none yet gets one of the peer that has the most. */
  function evictOne(comer: Peer): boolean {
    const victim = evictable.next(share.heldBy(comer) === 0 ? undefined : comer)
    if (!victim) return false
    giveBack(victim)
    victim.evict()
    return true
  }

  function giveBack(place: Taken): void {
    evictable.remove(place)
    if (places.delete(place)) share.give(place.peer, 1)
  }

  return {
    admit(peer, evict) {
      while (!share.take(peer, 1)) if (!evictOne(peer)) return undefined
      const place: Taken = { peer, evict, isHeld: () => true }
      places.add(place)
      evictable.add(place)
      return {
        taken(connection) {
          place.isHeld = () => !connection.isIdleAnonymous()
        },
        loggedIn(isLoggedIn) {
          if (isLoggedIn || !places.has(place)) evictable.remove(place)
          else evictable.add(place)
        },
        giveBack: () => giveBack(place),
      }
    },
  }
}
