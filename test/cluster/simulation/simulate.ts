/** A cluster of three nodes, with users and an admin, in a world where everything follows from the seed. */

import { type Event, violations } from '../../support/history.ts'
import { aKey } from '../../support/records.ts'
import { createEtcdModel, type EtcdModel } from './etcd-model.ts'
import { type Machine, troubleEtcd, troubleMachine } from './faults.ts'
import type { Mutation } from './mutants.ts'
import { createNetwork } from './network.ts'
import { createProcess } from './process.ts'
import { type SimNode, startNode, type Used } from './sim-node.ts'
import { createSimStore } from './sim-store.ts'
import { type Chance, createChance, createVirtualTime, type VirtualTime } from './virtual-time.ts'

export type Options = {
  readonly seed: number
  readonly fence?: boolean
  /** Whether clocks are about right; behind the fence they need not be, and if they are its promise is G itself. */
  readonly bounded?: boolean
  readonly faults?: boolean
  readonly mutation?: Mutation
}

export type Outcome = {
  /** One line for each breach of guarantee G. */
  readonly breaches: readonly string[]
  readonly uses: number
  readonly refusals: number
  /** Confirmed revocations: how, and true milliseconds from commit to success. */
  readonly revocations: readonly { readonly how: string; readonly took: number; readonly begun: number }[]
  readonly unfinished: number
  /** Nodes that serve at the end. */
  readonly serving: number
}

type User = 'bob' | 'carol'
const USERS = ['bob', 'carol'] as const
const NODES = ['hsm-a', 'hsm-b', 'hsm-c'] as const

/** Trouble ends, then people go home, and then there is time to recover. */
const TROUBLE_MS = 14_000
const PEOPLE_MS = 16_000
const END_MS = 25_000

/** Of the machines' clocks, the slowest and the fastest. */
const ABOUT_RIGHT = [0.95, 1.05] as const
const TWOFOLD = [0.75, 1.4] as const
const ANY_RATE = [0.5, 5] as const

type Seat = Machine & { readonly id: string; node: SimNode | undefined }

export async function simulate({
  seed,
  fence = false,
  bounded = !fence,
  faults = true,
  mutation = {},
}: Options): Promise<Outcome> {
  const time = createVirtualTime()
  const chance = createChance(seed)
  const etcd = createEtcdModel(time, chance)
  const cluster = {
    kind: 'cluster',
    id: 'self',
    clusterId: 'cluster-test2345abc',
    state: 'ACTIVE',
    nextReference: 1,
    keyUseFence: fence,
    mode: 'non-fips',
    hsmType: 'hsm2m.medium',
    trustedWrapping: false,
    lineage: 'c2VjcmV0',
  } as const
  etcd.commit(0, [{ put: cluster }, { put: aKey({ sharedWith: ['bob'] }) }])
  const rates = mutation.rates ?? (bounded ? (fence ? TWOFOLD : ABOUT_RIGHT) : ANY_RATE)
  const seats = NODES.map((id) => createSeat(id, { time, chance, etcd, rates, faults, mutation }))
  const records = createRecords(time, etcd, seats, bounded)
  if (faults) {
    for (const seat of seats) troubleMachine({ time, chance, until: TROUBLE_MS }, seat)
    troubleEtcd({ time, chance, until: TROUBLE_MS }, etcd)
  }
  const scene = { time, chance, seats, faults, records }
  for (const user of USERS) keepUsing(user, scene)
  keepChanging(scene)
  keepChanging(scene)
  await time.run(END_MS)
  return records.outcome(seats.filter(({ node }) => node?.serves()).length)
}

type World = {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly etcd: EtcdModel
  readonly rates: readonly [number, number]
  readonly faults: boolean
  readonly mutation: Mutation
}

function createSeat(id: string, { time, chance, etcd, rates, faults, mutation }: World): Seat {
  const network = createNetwork(time, chance, etcd)
  const rate = chance.between(...rates)
  const boot = () => {
    const process = createProcess(time, chance, rate)
    const store = createSimStore({ process, etcd, network, now: time.now })
    if (faults && chance.happens(0.5)) store.lagUntil = time.now() + chance.between(0, 6000)
    return { process, store }
  }
  const seat: Seat = {
    ...boot(),
    id,
    network,
    node: undefined,
    restart() {
      Object.assign(seat, boot(), { node: undefined })
      start()
    },
  }
  function start(): void {
    const { process, store } = seat
    void store.load().then(() => {
      process.arrives(time.now() + chance.between(0, 2000), () => {
        seat.node = startNode({ id, process, store, chance, now: time.now, mutation })
      })
    })
  }
  start()
  return seat
}

type Records = ReturnType<typeof createRecords>

/** The history as it truly was. */
function createRecords(time: VirtualTime, etcd: EtcdModel, seats: readonly Seat[], bounded: boolean) {
  const events: Record<User, Event[]> = { bob: [], carol: [] }
  const spans: Record<User, { readonly permitted: number; readonly end: number }[]> = { bob: [], carol: [] }
  const breaches: string[] = []
  const revocations: Outcome['revocations'][number][] = []
  let refusals = 0
  let unfinished = 0

  const committedAt = (revision: number) => etcd.log[revision - 1]?.time ?? 0

  /** Commits that shared the key with the user, from the log itself. */
  const grants = (user: User): Event[] =>
    sharedSteps(etcd, user).flatMap(({ shared, at }) =>
      shared ? [{ kind: 'grant', start: at, end: at, ok: true } as const] : [],
    )

  /** A use that goes on where the node has been registered all the time, although every node has said that none does. */
  function checkDrained(user: User, revision: number): void {
    const regranted = sharedSteps(etcd, user).some(({ shared, at }) => shared && at > committedAt(revision))
    const stays = new Map(etcd.members('node/').map((member) => [member.key, member.revision]))
    const survivor = seats
      .filter(
        ({ id, node }) =>
          node?.process.alive && node.serves() && (stays.get(`node/${id}`) ?? revision) < revision,
      )
      .some(({ node }) => [...(node?.underWay ?? [])].some((use) => use.user === user))
    if (survivor && !regranted)
      breaches.push(`a use by ${user} goes on after revision ${revision} was acknowledged`)
  }

  /** Results of uses that were permitted before a revocation and released after its success, shared again or not. */
  const outlived = (user: User): readonly string[] =>
    spans[user].flatMap(({ permitted, end }) => {
      const revoke = events[user].find(
        ({ kind, start, end: confirmed }) => kind === 'revoke' && permitted < start && confirmed < end,
      )
      if (!revoke) return []
      return [
        `${user}: a use permitted at ${permitted}, released at ${end}, outlived ${revoke.start} to ${revoke.end}`,
      ]
    })

  return {
    /**
     * Without clocks a result that was there before a revocation was confirmed may be on its way for as long as it
     * likes, as over any network; by the clock it must have been released.
     */
    used(user: User, start: number, { permitted, workDone }: Used): void {
      const end = bounded ? time.now() : workDone
      events[user].push({ kind: 'use', start, end, ok: true })
      spans[user].push({ permitted, end })
    },
    refused() {
      refusals += 1
    },
    begun() {
      unfinished += 1
    },
    revoked(user: User, revision: number, how: string | undefined): void {
      unfinished -= 1
      const start = committedAt(revision)
      events[user].push({ kind: 'revoke', start, end: time.now(), ok: true })
      if (how) revocations.push({ how, took: time.now() - start, begun: start })
      if (how === 'acknowledged') checkDrained(user, revision)
    },
    failed() {
      unfinished -= 1
    },
    outcome(serving: number): Outcome {
      for (const user of USERS) {
        breaches.push(...outlived(user))
        const history = [...events[user], ...grants(user)].sort((a, b) => a.end - b.end)
        for (const { use, revoke } of violations(history, { deliveredInOrder: true })) {
          breaches.push(
            `${user}: a use from ${use.start} to ${use.end}, revoked at ${revoke.start}, confirmed at ${revoke.end}`,
          )
        }
      }
      const uses = events.bob.length + events.carol.length
      return { breaches, uses, refusals, revocations, unfinished, serving }
    },
  }
}

function sharedSteps(etcd: EtcdModel, user: User) {
  let shared = false
  return etcd.log.flatMap(({ writes, time: at }) => {
    const put = writes?.flatMap((write) => ('put' in write && write.put.kind === 'key' ? write.put : []))[0]
    const after = put ? put.sharedWith.includes(user) : shared
    if (after === shared) return []
    shared = after
    return [{ shared, at }]
  })
}

type Scene = {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly seats: readonly Seat[]
  readonly faults: boolean
  readonly records: Records
}

function useOnce(user: User, seat: Seat, { time, chance, faults, records }: Scene): void {
  const { node } = seat
  if (!node?.process.alive || node.process.paused) return
  const start = time.now()
  const workMs = !faults || chance.happens(0.93) ? chance.between(1, 15) : chance.between(50, 7000)
  node.use(user, workMs).then(
    (used) => node.process.alive && records.used(user, start, used),
    () => records.refused(),
  )
}

function keepUsing(user: User, scene: Scene): void {
  const { time, chance, seats } = scene
  const next = () => {
    const seat = seats[Math.floor(chance.next() * seats.length)]
    if (seat) useOnce(user, seat, scene)
    if (time.now() < PEOPLE_MS) time.at(time.now() + chance.between(5, 150), next)
  }
  next()
}

/** Shares the key and takes it back, on one node and another. */
function keepChanging(scene: Scene): void {
  const { time, chance, seats, records } = scene

  function next(): void {
    if (time.now() < PEOPLE_MS) time.at(time.now() + chance.between(10, 700), next)
    const user = chance.pick(USERS)
    const share = chance.happens(0.5)
    const node = seats[Math.floor(chance.next() * seats.length)]?.node
    if (!node?.process.alive || node.process.paused || !node.serves()) return
    if (!share) records.begun()
    let revision = 0
    node
      .change(
        (key) => changed(key, user, share),
        (at) => {
          revision = at
        },
      )
      .then(
        ({ how }) => {
          if (share || !node.process.alive) return
          records.revoked(user, revision, how)
          for (const seat of seats) time.at(time.now() + 0.01, () => useOnce(user, seat, scene))
        },
        () => {
          if (!share) records.failed()
        },
      )
  }
  next()
}

function changed(key: ReturnType<typeof aKey>, user: User, share: boolean) {
  const has = key.sharedWith.includes(user)
  if (has === share) return key
  const others = key.sharedWith.filter((other) => other !== user)
  return { ...key, sharedWith: share ? [...others, user] : others }
}
