/** Nodes that break one rule of the protocol each. The simulation must catch every one of them. */
import type { Barrier } from '../../../src/cluster/barrier.ts'
import type { Serving } from '../../../src/cluster/cluster.ts'
import type { Coordination, Member } from '../../../src/cluster/coordination.ts'
import type { PeerLink, PeerLinks } from '../../../src/cluster/peer-links.ts'
import { type Mark, type PeerMessage, readFrame, writeFrame } from '../../../src/cluster/peer-messages.ts'
import {
  type Acknowledgement,
  EVERYTHING,
  isNode,
  readAcknowledgement,
  readRegistration,
  writeAcknowledgement,
  writeRegistration,
} from '../../../src/cluster/registration.ts'
import { TIMING, type Timing } from '../../../src/cluster/timing.ts'
import type { Uses } from '../../../src/cluster/uses.ts'
import type { EtcdModel } from './etcd-model.ts'
import { MARK } from './peer-network.ts'
import type { Process } from './process.ts'

/** Where the simulated node lets its parts be replaced. */
export type Mutation = {
  /** Of one use. */
  readonly serving?: (serving: Serving) => Serving
  /** Whether it believes to see every commit. */
  readonly seen?: () => boolean
  /** A use that waits for something first goes on by what was decided before. */
  readonly decidesOnce?: true
  readonly uses?: (uses: Uses) => Uses
  readonly coordination?: (coordination: Coordination) => Coordination
  readonly links?: (links: PeerLinks, etcd: EtcdModel) => PeerLinks
  readonly mark?: Mark
  readonly barrier?: (barrier: Barrier) => Barrier
  readonly settled?: (settled: (revision: number) => Promise<void>) => (revision: number) => Promise<void>
  readonly timing?: Timing
  readonly clock?: (process: Process) => () => number
  /** Of the machines' clocks, in simulations that take them to be right. */
  readonly rates?: readonly [number, number]
}

/** The first check of a use is the one before its work. */
const onlyFirstCheck = (serving: Serving): Serving => {
  let checked = false
  let fenced = false
  return {
    check() {
      if (!checked) serving.check()
      checked = true
    },
    fenced() {
      const answer = serving.fenced() && !fenced
      fenced = true
      return answer
    },
    fence: serving.fence,
  }
}

const alwaysLive = (uses: Uses): Uses => ({
  ...uses,
  begin(...grant) {
    const ticket = uses.begin(...grant)
    return { live: true, reason: 'revoked', end: () => ticket.end() }
  },
})

/** The proof after a registration is taken for granted: what was loaded before is served. */
const trustsItsLoad = (coordination: Coordination): Coordination => {
  let proofs = 0
  return {
    ...coordination,
    newestCommit: async () => (proofs++ === 0 ? 0 : await coordination.newestCommit()),
  }
}

const neverCatchesUp = (coordination: Coordination): Coordination => ({
  ...coordination,
  newestCommit: async () => {
    await coordination.newestCommit()
    return 0
  },
})

const takesExpiryForTheEnd = (coordination: Coordination): Coordination => {
  const registered = new Map<string, Member>()
  for (const member of coordination.knownMembers('node/')) registered.set(member.key, member)
  return {
    ...coordination,
    subscribeMembers: (listener) =>
      coordination.subscribeMembers((change) => {
        const { key, revision, member } = change
        const before = registered.get(key)
        if (isNode(key) && !member && before) {
          const value = writeAcknowledgement({ boot: readRegistration(before).boot, revision: EVERYTHING })
          listener({ key: 'ack/over', revision, member: { ...before, key: 'ack/over', value } })
        }
        if (member) registered.set(key, member)
        listener(change)
      }),
  }
}

/** What stands in etcd is taken for what its node says now. */
const believes =
  (what: (member: Member) => string) =>
  (coordination: Coordination): Coordination => {
    const read = (member: Member): Member => ({ ...member, value: what(member) })
    return {
      ...coordination,
      knownMembers: (prefix) => coordination.knownMembers(prefix).map(read),
      subscribeMembers: (listener) =>
        coordination.subscribeMembers((change) =>
          listener({ ...change, member: change.member && read(change.member) }),
        ),
    }
  }

const newWhenSeen = (member: Member): string => {
  if (!isNode(member.key)) return member.value
  return writeRegistration({ ...readRegistration(member), begun: member.revision })
}

const newWordWhenSeen = (member: Member): string => {
  if (isNode(member.key)) return member.value
  const { boot, revision } = readAcknowledgement(member)
  return writeAcknowledgement({ boot, revision: Math.max(revision, member.revision) })
}

/** That it is so already is answered at once. */
const answersFromWhatStands = (barrier: Barrier): Barrier => ({
  ...barrier,
  confirm: (revision, unchanged) =>
    unchanged ? barrier.settled(revision) : barrier.confirm(revision, unchanged),
})

/** A read that was begun before is as good as a new one. */
const sharesOldReads = (coordination: Coordination): Coordination => {
  let shared: Promise<number> | undefined
  let served = 0
  return {
    ...coordination,
    newestCommit() {
      if (!shared || served++ % 8 === 0) shared = coordination.newestCommit()
      return shared
    },
  }
}

/** What other nodes say is taken for something else. */
const hears =
  (what: (message: PeerMessage, etcd: EtcdModel) => readonly PeerMessage[]) =>
  (links: PeerLinks, etcd: EtcdModel): PeerLinks => ({
    ...links,
    open: ({ onLink, onFrame }) =>
      links.open({
        onLink,
        onFrame(frame, binding) {
          const message = readFrame(MARK, binding, frame)
          for (const one of message ? what(message, etcd) : [])
            onFrame(writeFrame(MARK, binding, one), binding)
          return onFrame(frame, binding)
        },
      }),
  })

/** It says something else to other nodes. */
const says =
  (what: (message: PeerMessage, etcd: EtcdModel) => PeerMessage) =>
  (links: PeerLinks, etcd: EtcdModel): PeerLinks => {
    const wrapped = ({ binding, write }: PeerLink): PeerLink => ({
      binding,
      write(...frames) {
        const messages = frames.flatMap((frame) => readFrame(MARK, binding, frame) ?? [])
        write(...messages.map((message) => writeFrame(MARK, binding, what(message, etcd))))
      },
    })
    return {
      ...links,
      open: ({ onLink, onFrame }) => links.open({ onLink: (link) => onLink(wrapped(link)), onFrame }),
      links: () => new Map([...links.links()].map(([address, link]) => [address, wrapped(link)])),
    }
  }

const everybody = (message: PeerMessage, etcd: EtcdModel): readonly PeerMessage[] =>
  etcd.members('node/').map((member) => ({ ...message, boot: readRegistration(member).boot }))

/** What is written to etcd after it was said has grown meanwhile. */
const writesWhatIsApplied = (coordination: Coordination): Coordination => ({
  ...coordination,
  put(key, value, lease, expected) {
    if (isNode(key)) return coordination.put(key, value, lease, expected)
    const { boot, revision } = JSON.parse(value) as Acknowledgement
    const grown = Math.max(revision, coordination.appliedRevision())
    return coordination.put(key, writeAcknowledgement({ boot, revision: grown }), lease, expected)
  },
})

const NO_MAC = new Uint8Array(32)

export const MUTANTS = {
  'no check before release': { serving: onlyFirstCheck, uses: alwaysLive },
  'a decision from before what was waited for': { decidesOnce: true },
  'acknowledges before the drain': { settled: () => () => Promise.resolve() },
  'serves after the grace of others': { timing: { ...TIMING, servingMs: TIMING.graceMs * 1.5 } },
  'load before register': { coordination: trustsItsLoad },
  'proof without catching up': { coordination: neverCatchesUp },
  "success on etcd's say-so alone": { coordination: takesExpiryForTheEnd },
  'a registration put back for a new one': { coordination: believes(newWhenSeen) },
  'an acknowledgement put back for a new one': { coordination: believes(newWordWhenSeen) },
  'an answer from what stands here': { barrier: answersFromWhatStands },
  'a message taken for the word of every process': { links: hears(everybody) },
  'a message taken for more than it says': {
    links: hears((message) => [{ ...message, revision: message.revision + 3 }]),
  },
  'a message of what is not applied yet': {
    links: says((message, etcd) => ({ ...message, revision: etcd.revision() })),
  },
  'a message from anybody': { mark: () => NO_MAC },
  'an entry of what is applied, not of what was said': { coordination: writesWhatIsApplied },
  'uses that outlive a gap in what is seen': { seen: () => true },
  'a clock that stands still during suspend': {
    clock: (process) => () => process.clock() - process.stopped(),
  },
  'clocks that are far more wrong than assumed': { rates: [0.4, 1.6] },
} as const satisfies Record<string, Mutation>

export const FENCE_MUTANTS = {
  'no check before release': { serving: onlyFirstCheck, uses: alwaysLive },
  'shares a read that began before the use': { coordination: sharesOldReads },
  'read without catching up': { coordination: neverCatchesUp },
  'no fence': { serving: (serving) => ({ ...serving, fenced: () => false }) },
} as const satisfies Record<string, Mutation>

export const BOUNDED_MUTANTS = {
  'goes by old answers of etcd': { timing: { ...TIMING, fenceMs: TIMING.fenceGraceMs * 3 } },
} as const satisfies Record<string, Mutation>
