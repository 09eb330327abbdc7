/** Memory for large frames, which all applications of a process share. */
import { BOUNDS } from './bounds.ts'

export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory'
}

export type Budget = {
  /** Throws OutOfMemory when there is not that much left. */
  take(bytes: number): void
  give(bytes: number): void
}

export function createBudget(bytes: number = BOUNDS.largeFramesBytes): Budget {
  let left = bytes
  return {
    take(wanted) {
      if (wanted > left) throw new OutOfMemory('too many large frames at once')
      left -= wanted
    },
    give(back) {
      left += back
    },
  }
}

/** What one connection has of it. */
export type Share = {
  /** A chunk of a frame that has announced so many bytes. Throws OutOfMemory. */
  collect(chunk: number, announced: number): void
  /** The frame is whole. What is returned is called when it is done with. */
  handOver(): () => void
  /** The frame under way will not be finished. */
  drop(): void
}

export function createShare(budget: Budget): Share {
  let collected = 0
  return {
    collect(chunk, announced) {
      if (announced <= BOUNDS.smallFrameBytes) return
      budget.take(chunk)
      collected += chunk
    },
    handOver() {
      const bytes = collected
      collected = 0
      return () => budget.give(bytes)
    },
    drop() {
      budget.give(collected)
      collected = 0
    },
  }
}
