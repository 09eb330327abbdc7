/** Whether the replica follows the commits, and who wants to know. */
import type { HsmError } from '../../contract/errors.ts'
import { createListeners } from '../listeners.ts'
import type { Standing } from '../store.ts'

export interface StandingBoard {
  current(): Standing
  /** Why the store has failed. */
  failure(): HsmError | undefined
  live(): void
  cut(): void
  /** The first failure stays. @returns false when there was one already */
  fail(error: HsmError): boolean
  subscribe(listener: (standing: Standing) => void): () => void
}

/** Behind, until the watch is there. */
export function createStanding(now: () => number): StandingBoard {
  let current: Standing = { state: 'behind', since: now() }
  const listeners = createListeners<Standing>()
  const change = (standing: Standing): boolean => {
    if (current.state === standing.state || current.state === 'failed') return false
    current = standing
    listeners.tell(standing)
    return true
  }
  return {
    current: () => current,
    failure: () => (current.state === 'failed' ? current.error : undefined),
    live: () => void change({ state: 'following' }),
    cut: () => void change({ state: 'behind', since: now() }),
    fail: (error) => change({ state: 'failed', error }),
    subscribe: listeners.add,
  }
}
