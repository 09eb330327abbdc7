/**
 * Memory for large frames and large answers, which all applications of a process share. Nothing is allocated here: it is
 * counted what may come, so that whatever has begun can end. Who finds too little left waits.
 */
import { createFairShare } from '../rates/fair-share.ts'
import { BOUNDS, type Peer } from './bounds.ts'

export type MemoryBudget = {
  /**
   * Calls `onGranted` as soon as there is that much for the peer: at once, or when others have given back. Requests of one
   * peer are granted in order. What is returned gives it back, or gives up waiting.
   */
  reserve(peer: Peer, bytes: number, onGranted: () => void): () => void
}

type Request = { readonly peer: Peer; readonly bytes: number; readonly onGranted: () => void }

/** @param bytes for all peers together; no peer has more than is left for the next */
export function createMemoryBudget(bytes: number = BOUNDS.largeFramesBytes): MemoryBudget {
  const share = createFairShare<Peer>(bytes)
  /** Of each peer that waits, in order. */
  const waiting = new Map<Peer, Set<Request>>()

  function wait(request: Request): void {
    waiting.set(request.peer, (waiting.get(request.peer) ?? new Set()).add(request))
  }

  /** False when it does not wait any more. */
  function forget(request: Request): boolean {
    const own = waiting.get(request.peer)
    const found = own?.delete(request) ?? false
    if (own?.size === 0) waiting.delete(request.peer)
    return found
  }

  /** The one of the peer that has waited the longest. */
  function grantOne(peer: Peer): boolean {
    const [request] = waiting.get(peer) ?? []
    if (!request || !share.take(peer, request.bytes)) return false
    forget(request)
    request.onGranted()
    return true
  }

  /** Who has nothing yet goes first and in order, so that small requests of others do not overtake a large one for ever. */
  function grant(): void {
    const first = [...waiting.keys()].filter((peer) => share.heldBy(peer) === 0)
    if (!first.every(grantOne)) return
    for (const peer of [...waiting.keys()]) while (grantOne(peer));
  }

  return {
    reserve(peer, bytes, onGranted) {
      const request = { peer, bytes, onGranted }
      let over = false
      wait(request)
      grant()
      return () => {
        if (over) return
        over = true
        if (!forget(request)) share.give(peer, bytes)
        grant()
      }
    },
  }
}
