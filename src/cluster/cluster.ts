/** What an engine needs to know of the cluster it is part of, and the cluster of one. */
import type { Reply } from '../contract/operations.ts'
import type { RecordKey } from '../model/records.ts'

/** One HSM of the cluster, as it has registered itself. */
export type HsmFacts = { readonly id: string; readonly address: string; readonly version: string }

/** Whether this HSM may answer from the state it has. */
export interface Serving {
  /** @throws HsmError `not-serving` when the state may be out of date; the store's own error when it has failed */
  check(): void
  /** Whether each use of a key waits for the fence, instead of trusting clocks. */
  fenced(): boolean
  /**
   * Resolves when this HSM has applied every commit that was confirmed before the call.
   * @throws HsmError `not-serving`
   */
  fence(): Promise<void>
}

/** Whether it may, at this moment. */
export function isServing({ check }: Pick<Serving, 'check'>): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}

/** How a change was established on the other HSMs: each said so, or so much time passed that none can lack it. */
export type Established = 'acknowledged' | 'elapsed'

/** The other HSMs of the cluster, as far as changes wait for them. */
export interface Others {
  /**
   * Whether the commits are seen one by one. Otherwise what is applied next may be the sum of several: a right that was
   * taken back and given again in between looks as if nothing had happened to it.
   */
  seen(): boolean
  /**
   * Resolves when no other HSM acts on a state older than `revision`.
   * @throws HsmError `unconfirmed` when this HSM stops before
   */
  inEffect(revision: number): Promise<Established>
  /** Resolves when the other HSMs have applied `revision`, or soon after if some do not answer. */
  applied(revision: number): Promise<void>
}

/** What an HSM of a cluster tells of itself and of the others. */
export type NodeStatus = Pick<
  Reply<'cluster.status'>,
  'hsm-id' | 'applied-revision' | 'barrier' | 'material' | 'nodes'
>

/** The cluster as its engine sees it. */
export interface Cluster {
  readonly serving: Serving
  readonly others: Others
  /** Whether it is meant to have more HSMs than one. */
  readonly several: boolean
  /** The HSMs that are live as far as this one knows, in the order of their ids. */
  hsms(): readonly HsmFacts[]
  /** What is told of it to whoever asks for the status; left out by a cluster of one. */
  readonly status?: () => NodeStatus
  /** Tells of records whether every HSM has them as this one does. */
  coverage(): (key: RecordKey) => boolean
}

const NOTHING = Promise.resolve()
const ESTABLISHED = Promise.resolve<Established>('acknowledged')

/** Of an HSM on a store of its own: every change is in effect at once. */
export const NO_OTHERS: Others = {
  seen: () => true,
  inEffect: () => ESTABLISHED,
  applied: () => NOTHING,
}

/**
 * An HSM on a store of its own: nothing to ask, nobody to wait for.
 *
 * @param check as `Store.check`
 */
export const alone = (self: () => HsmFacts, check: () => void = () => undefined): Cluster => ({
  serving: { check, fenced: () => false, fence: () => NOTHING },
  others: NO_OTHERS,
  several: false,
  hsms: () => [self()],
  coverage: () => () => true,
})
