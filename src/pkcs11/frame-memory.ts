/** The memory that one connection has reserved: for the frame that is coming, and for answers that are large. */
import { BOUNDS, type Peer } from './bounds.ts'
import type { MemoryBudget } from './memory-budget.ts'

export type FrameMemory = {
  /** A frame of that length is coming. Until there is memory for it, `isWaiting`. */
  make(bytes: number): void
  isWaiting(): boolean
  /** The frame is whole. What is returned gives its memory back. */
  handOver(): () => void
  /** The frame under way will not be finished. */
  drop(): void
  /**
   * Resolves when there is memory for an answer; what it resolves with gives it back. Undefined for a small answer, which needs
   * none and waits for nothing.
   */
  reserve(bytes: number): Promise<() => void> | undefined
}

const NOTHING = (): void => undefined

/** @param onGranted `isWaiting` no longer */
export function createFrameMemory(memory: MemoryBudget, peer: Peer, onGranted: () => void): FrameMemory {
  let giveBack: (() => void) | undefined
  let waiting = false
  return {
    make(bytes) {
      if (giveBack || bytes <= BOUNDS.smallFrameBytes) return
      waiting = true
      giveBack = memory.reserve(peer, bytes, () => {
        waiting = false
        onGranted()
      })
    },
    isWaiting: () => waiting,
    handOver() {
      const given = giveBack ?? NOTHING
      giveBack = undefined
      return given
    },
    drop: () => giveBack?.(),
    reserve(bytes) {
      if (bytes <= BOUNDS.smallFrameBytes) return undefined
      const granted = Promise.withResolvers<void>()
      const given = memory.reserve(peer, bytes, granted.resolve)
      return granted.promise.then(() => given)
    },
  }
}
