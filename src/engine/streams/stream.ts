import type { Reason } from '../../cluster/uses.ts'
import type { StreamUse } from '../../contract/streams.ts'
import type { StreamWork } from './stream-work.ts'

/** What a stream is once it has begun. */
export type Begun = { readonly key: string; readonly start: StreamUse; readonly work: StreamWork }

export type Stream = {
  readonly id: string
  readonly session: string
  /** Undefined during the first step. */
  begun: Begun | undefined
  /** Why its right ended, if it has. It is kept, wiped, for its session to be told so. */
  ended: Reason | undefined
  /** While a step is under way. */
  busy: boolean
  /** Bytes that were last known to be kept of the message. */
  held: number
  unwatch: () => void
}
