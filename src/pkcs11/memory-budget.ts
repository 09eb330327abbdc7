/**
 * Memory for large frames and large answers, which all applications of a process share. Nothing is allocated here: it is
 * counted what may come, so that whatever has begun can end. Who finds too little left waits.
 */
import { createFairShare } from '../rates/fair-share.ts'
import { BOUNDS, type Peer } from './bounds.ts'

export type MemoryBudget = {
  /**
   * Calls `onGranted` as soon as there is that much for the peer: at once, or when others have given back. What is
   * returned gives it back, or gives up waiting.
   */
  reserve(peer: Peer, bytes: number, onGranted: () => void): () => void
}

type Request = { readonly peer: Peer; readonly bytes: number; readonly onGranted: () => void }

/** @param bytes for all peers together; no peer has more than is left for the next */
export function createMemoryBudget(bytes: number = BOUNDS.largeFramesBytes): MemoryBudget {
  const share = createFairShare<Peer>(bytes)
  const waiting = new Set<Request>()

  const granted = (request: Request): boolean => {
    if (!share.take(request.peer, request.bytes)) return false
    waiting.delete(request)
    request.onGranted()
    return true
  }

  /** Who has nothing yet goes first and in order, so that small requests of others do not overtake a large one for ever. */
  function grant(): void {
    const first = [...waiting].filter(({ peer }) => share.heldBy(peer) === 0)
    if (!first.every(granted)) return
    for (const request of [...waiting]) granted(request)
  }

  return {
    reserve(peer, bytes, onGranted) {
      const request = { peer, bytes, onGranted }
      let over = false
      waiting.add(request)
      grant()
      return () => {
        if (over) return
        over = true
        if (!waiting.delete(request)) share.give(peer, bytes)
        grant()
      }
    },
  }
}
