/** The changes that wait until they are in effect on the other HSMs. */
import { HsmError } from '../contract/errors.ts'
import type { Established, Others } from './cluster.ts'
import type { Laggard, MembershipView } from './membership-view.ts'
import type { After, Clock } from './timing.ts'

export interface Confirmations extends Pick<Others, 'inEffect' | 'applied'> {
  /** Whether a change of this revision waits. */
  awaits(revision: number): boolean
  /** To be called when the view of the membership has changed. */
  review(): void
  /** Those that still wait are told that they are unconfirmed. */
  close(): void
}

export type ConfirmationsNeeds = {
  readonly view: Pick<MembershipView, 'behind'>
  readonly clock: Clock
  readonly after: After
  /** Unix time in milliseconds. */
  readonly now: () => number
  /** Since when a commit has been known here. */
  readonly knownSince: (revision: number) => number
  /** How long after its commit a change is in effect whoever acknowledges it. */
  readonly effectiveMs: () => number
  readonly patienceMs: number
}

type Waiting = {
  readonly revision: number
  /** When waiting ends whoever has acknowledged. */
  readonly until: number
  /** Whether nodes that are not registered any more matter. */
  readonly strict: boolean
  readonly resolve: (how: Established) => void
  readonly reject: (error: HsmError) => void
}

/**
 * Waits end by themselves, acknowledged or not, once the time has passed after which no node serves on an older
 * state.
 */
export function createConfirmations(needs: ConfirmationsNeeds): Confirmations {
  const { view, clock, after, now, knownSince, effectiveMs, patienceMs } = needs
  const waiting = new Set<Waiting>()
  let closed = false
  let cancel: () => void = () => undefined

  const laggards = ({ revision, strict }: Waiting, at: number): readonly Laggard[] => {
    const behind = view.behind(revision, at)
    return strict ? behind : behind.filter(({ until }) => until === undefined)
  }

  /** @returns when to look again at the latest, or undefined when the wait is over */
  function reviewOne(one: Waiting, at: number): number | undefined {
    const behind = laggards(one, at)
    if (behind.length > 0 && at < one.until) {
      return Math.min(one.until, ...behind.flatMap(({ until }) => until ?? []))
    }
    waiting.delete(one)
    one.resolve(behind.length === 0 ? 'acknowledged' : 'elapsed')
    return undefined
  }

  function review(): void {
    cancel()
    const at = clock()
    const wake = Math.min(...[...waiting].map((one) => reviewOne(one, at) ?? Number.POSITIVE_INFINITY))
    if (wake < Number.POSITIVE_INFINITY) cancel = after(Math.ceil(wake - at), review)
  }

  function unconfirmed(one: Waiting): HsmError {
    const at = clock()
    const names = laggards(one, at).map(({ id }) => id)
    const effective = new Date(now() + one.until - at).toISOString()
    const lacking = names.join(', ') || 'this HSM'
    return new HsmError(
      'unconfirmed',
      `The change is committed; it is not yet confirmed by ${lacking}; it is in effect at the latest at ${effective}`,
    )
  }

  const wait = (revision: number, until: number, strict: boolean) =>
    new Promise<Established>((resolve, reject) => {
      const one: Waiting = { revision, until, strict, resolve, reject }
      if (closed) return reject(unconfirmed(one))
      waiting.add(one)
      review()
    })

  return {
    inEffect: (revision) => wait(revision, knownSince(revision) + effectiveMs(), true),
    async applied(revision) {
      await wait(revision, clock() + patienceMs, false)
    },
    awaits: (revision) => waiting.values().some((one) => one.revision === revision),
    review,
    close() {
      closed = true
      cancel()
      for (const one of waiting) one.reject(unconfirmed(one))
      waiting.clear()
    },
  }
}
