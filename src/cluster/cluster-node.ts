/** This HSM as a node of a cluster: joins, stays registered, and says when a change is in effect on all nodes. */
import type { Store } from '../store/store.ts'
import { createAcknowledgements } from './acknowledgements.ts'
import type { Cluster } from './cluster.ts'
import { createCommitAges } from './commit-ages.ts'
import { createConfirmations } from './confirmations.ts'
import type { Coordination } from './coordination.ts'
import { createCoverage } from './coverage.ts'
import { createFence } from './fence.ts'
import { createMembership, type MembershipNeeds } from './membership.ts'
import { createMembershipView, type Laggard } from './membership-view.ts'
import { readByAll } from './registration.ts'
import { TIMING, type Timing } from './timing.ts'

export interface ClusterNode extends Cluster {
  /**
   * @param settled resolves when no use is under way here that a commit up to the revision has ended
   * @returns a promise that resolves when this node serves
   */
  join(settled: (revision: number) => Promise<void>): Promise<void>
  /** The newest format of records that every registered HSM reads, asked of etcd now. */
  readableFormat(): Promise<number>
  /** Stops serving; changes that still wait are reported as unconfirmed. */
  leave(): Promise<void>
}

export type ClusterNodeNeeds = Pick<MembershipNeeds, 'self' | 'place' | 'clock' | 'after' | 'log'> & {
  /** Loaded. */
  readonly store: Pick<Store, 'catalog' | 'subscribe'>
  readonly coordination: Coordination
  /** Unix time in milliseconds. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly several: boolean
  readonly timing?: Timing
}

/** A node that serves nothing until it has joined. */
export function createClusterNode(needs: ClusterNodeNeeds): ClusterNode {
  const { store, coordination, clock, timing = TIMING } = needs
  const boot = Buffer.from(needs.random(16)).toString('hex')
  const fenced = () => store.catalog.cluster()?.keyUseFence === true
  const fence = createFence({ ...needs, timing })
  const members = [...coordination.knownMembers('node/'), ...coordination.knownMembers('ack/')]
  const seen = () => coordination.replicaState().state === 'following'
  const view = createMembershipView({ boot, graceMs: timing.graceMs, seen, members }, clock())
  const coverage = createCoverage((revision) => view.behind(revision, clock()).every(hasLeft))
  const ages = createCommitAges(clock, coordination.appliedRevision(), timing.graceMs)
  const confirmations = createConfirmations({
    ...needs,
    knownSince: ages.knownSince,
    view,
    effectiveMs: () => (fenced() ? timing.fenceGraceMs : timing.graceMs),
    patienceMs: timing.patienceMs,
  })
  const acknowledgements = createAcknowledgements({
    id: () => needs.self().id,
    seen,
    awaits: confirmations.awaits,
    newestRevision: () => coordination.appliedRevision(),
    tell: (revision) => membership.acknowledge(revision),
  })
  /** What stood when this node began may be the work of a life of it that never saw it confirmed. */
  let inherited: number | undefined
  const membership = createMembership({
    ...needs,
    boot,
    timing,
    onRegistered: acknowledgements.startOver,
    onProof(newestCommit) {
      inherited ??= newestCommit
      coverage.begin(inherited)
      acknowledgements.upTo(newestCommit)
    },
  })
  const subscriptions = [
    ...[ages.note, coverage.note, acknowledgements.applied].map(store.subscribe),
    coordination.subscribeMembers((change) => {
      view.apply(change, clock())
      confirmations.review()
    }),
    coordination.subscribeReplicaState(({ state }) => {
      if (state === 'following') view.missed(clock())
    }),
  ]

  return {
    several: needs.several,
    serving: { check: membership.check, fenced, fence },
    others: {
      seen,
      inEffect: (revision) =>
        acknowledgements.after(revision, confirmations.inEffect(Math.max(revision, inherited ?? 0))),
      applied: (revision) => acknowledgements.after(revision, confirmations.applied(revision)),
    },
    hsms: () => view.registered(),
    coverage: () => coverage.now(),
    join(settled) {
      acknowledgements.begin(settled)
      return membership.join()
    },
    async readableFormat() {
      return readByAll((await coordination.readMembers('node/')).members)
    },
    async leave() {
      confirmations.close()
      for (const end of subscriptions) end()
      await membership.leave()
    },
  }
}

const hasLeft = ({ until }: Laggard): boolean => until !== undefined
