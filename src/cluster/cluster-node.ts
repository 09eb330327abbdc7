/** This HSM as a node of a cluster: joins, stays registered, and says when a change is in effect on all nodes. */
import type { Store } from '../store/store.ts'
import { type AcknowledgementWaysNeeds, createAcknowledgementWays } from './acknowledgement-ways.ts'
import { createAcknowledgements } from './acknowledgements.ts'
import type { Cluster } from './cluster.ts'
import { createCommitAges } from './commit-ages.ts'
import { createConfirmations } from './confirmations.ts'
import type { Coordination } from './coordination.ts'
import { createCoverage } from './coverage.ts'
import { createFence } from './fence.ts'
import { createMembership, type MembershipNeeds } from './membership.ts'
import { createMembershipView, type Laggard, type MembershipView } from './membership-view.ts'
import type { PeerLinks } from './peer-links.ts'
import type { Mark } from './peer-messages.ts'
import { createPeers } from './peers.ts'
import { readByAll } from './registration.ts'
import { TIMING, type Timing } from './timing.ts'
import { createTurns } from './turns.ts'

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
  /** To the other nodes. */
  readonly links: PeerLinks
  /** Under the master key of the cluster, for what nodes say to each other directly. */
  readonly mark: Mark
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
  const { ages, confirmations } = createWaits(needs, timing, view, fenced)
  const { peers, ways, turns } = createVoice(needs, boot, view, {
    onHeard: confirmations.review,
    write: (revision) => membership.acknowledge(revision),
  })
  const acknowledgements = createAcknowledgements({
    id: () => needs.self().id,
    seen,
    awaits: confirmations.awaits,
    newestRevision: () => coordination.appliedRevision(),
    ...ways,
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
      ways.repeat()
    },
  })
  const subscriptions = [
    ...[ages.note, coverage.note, acknowledgements.applied, turns.applied].map(store.subscribe),
    coordination.subscribeMembers((change) => {
      view.apply(change, clock())
      peers.review()
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
      peers.open()
      return membership.join()
    },
    readableFormat: async () => readByAll((await coordination.readMembers('node/')).members),
    async leave() {
      confirmations.close()
      for (const end of subscriptions) end()
      await membership.leave()
      peers.close()
    },
  }
}

/** The changes that wait for the other nodes, and since when each has been known. */
function createWaits(needs: ClusterNodeNeeds, timing: Timing, view: MembershipView, fenced: () => boolean) {
  const ages = createCommitAges(needs.clock, needs.coordination.appliedRevision(), timing.graceMs)
  const confirmations = createConfirmations({
    ...needs,
    knownSince: ages.knownSince,
    view,
    effectiveMs: () => (fenced() ? timing.fenceGraceMs : timing.graceMs),
    patienceMs: timing.patienceMs,
  })
  return { ages, confirmations }
}

type VoiceNeeds = { readonly onHeard: () => void } & Pick<AcknowledgementWaysNeeds, 'write'>

/** How this node tells the others what it has applied and what it wants, and hears it from them. */
function createVoice(needs: ClusterNodeNeeds, boot: string, view: MembershipView, how: VoiceNeeds) {
  const turns = createTurns({
    ...needs,
    id: () => needs.self().id,
    registered: view.registered,
    newestCommit: needs.coordination.commitNumber,
    say: (commit) => peers.wish(commit),
  })
  const peers = createPeers({
    ...needs,
    boot,
    registered: view.registered,
    onWish: turns.hear,
    onAcknowledged(acknowledgement) {
      view.hear(acknowledgement)
      how.onHeard()
    },
  })
  needs.coordination.takeTurns(turns)
  return { peers, turns, ways: createAcknowledgementWays({ ...needs, peers, write: how.write }) }
}

const hasLeft = ({ until }: Laggard): boolean => until !== undefined
