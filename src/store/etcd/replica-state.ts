/** Whether the replica follows the commits, and who wants to know. */

import type { ReplicaState } from '../../cluster/coordination.ts'
import type { HsmError } from '../../contract/errors.ts'
import { createSubscribers } from '../subscribers.ts'

export interface ReplicaStateHolder {
  current(): ReplicaState
  /** Why the store has failed. */
  failure(): HsmError | undefined
  live(): void
  cut(): void
  /** The first failure stays. @returns false when there was one already */
  fail(error: HsmError): boolean
  subscribe(listener: (state: ReplicaState) => void): () => void
}

/** Behind, until the watch is there. */
export function createReplicaState(now: () => number): ReplicaStateHolder {
  let current: ReplicaState = { state: 'behind', since: now() }
  const subscribers = createSubscribers<ReplicaState>()
  const change = (state: ReplicaState): boolean => {
    if (current.state === state.state || current.state === 'failed') return false
    current = state
    subscribers.tell(state)
    return true
  }
  return {
    current: () => current,
    failure: () => (current.state === 'failed' ? current.error : undefined),
    live: () => void change({ state: 'following' }),
    cut: () => void change({ state: 'behind', since: now() }),
    fail: (error) => change({ state: 'failed', error }),
    subscribe: subscribers.add,
  }
}
