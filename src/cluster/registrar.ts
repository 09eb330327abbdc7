/** Registers a node whenever it is not, unless another process is registered under its id. */
import { HsmError } from '../contract/errors.ts'
import type { HsmFacts } from './cluster.ts'
import type { Coordination } from './coordination.ts'
import { type Attempt, type LeasedRegistration, register } from './leased-registration.ts'
import type { Registration } from './registration.ts'
import type { Clock, Timing } from './timing.ts'

/** The registration of a process that is over is gone after so many, also when etcd has a new leader meanwhile. */
const LEASES = 2

export type RegistrarNeeds = {
  readonly coordination: Coordination
  readonly self: () => HsmFacts
  /** Random; of this process. */
  readonly boot: string
  /** Where this process runs: of all processes of a place only one is not over. */
  readonly place: string
  readonly clock: Clock
  readonly timing: Timing
  /** Called when it is registered anew: what it has acknowledged before went with the former lease. */
  readonly onRegistered: () => void
}

export interface Registrar {
  /** Undefined while this node is not registered. */
  current(): LeasedRegistration | undefined
  /**
   * Registers this node, if it can. Works once at a time and only while the replica follows: the node could not serve, and
   * others would wait for it.
   */
  register(wanted: () => boolean): Promise<void>
  /** @returns whether it was the current one */
  end(lost: LeasedRegistration): boolean
}

/**
 * @param onOther called, again and again, while another process is registered that is not over; `isBack` when this one was
 *   registered before
 */
export function createRegistrar(
  needs: RegistrarNeeds,
  onOther: (error: HsmError, isBack: boolean) => void,
): Registrar {
  const { coordination, self, boot, place, clock, timing, onRegistered } = needs
  let current: LeasedRegistration | undefined
  let first = true
  let begun: number | undefined
  let busy = false
  let otherSince: number | undefined

  const newcomer = () => {
    // Before the first registration no key has been used.
    begun ??= coordination.appliedRevision()
    return { ...self(), boot, place, first, begun }
  }

  function settle({ leased, other }: Attempt): void {
    if (leased) {
      current = leased
      first = false
      otherSince = undefined
      onRegistered()
    } else if (other) {
      otherSince ??= clock()
      if (clock() - otherSince >= LEASES * timing.leaseSeconds * 1000) onOther(runsAlready(other), !first)
    }
  }

  return {
    current: () => current,
    async register(wanted) {
      if (busy || coordination.replicaState().state !== 'following') return
      busy = true
      try {
        let outcome: Attempt = {}
        for (let attempt = 0; attempt < 2 && !outcome.leased && !outcome.other && wanted(); attempt++) {
          outcome = await register(coordination, newcomer(), timing.leaseSeconds)
        }
        settle(outcome)
      } finally {
        busy = false
      }
    },
    end(lost) {
      if (current !== lost) return false
      current = undefined
      return true
    },
  }
}

const runsAlready = ({ id, address }: Registration): HsmError =>
  new HsmError(
    'unavailable',
    `${id} runs already, at ${address}, on another machine or from another copy of this home; stop one of the two, and give a copied machine a home of its own with: strongroom node join`,
  )
