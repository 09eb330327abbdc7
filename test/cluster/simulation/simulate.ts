/** A cluster of three nodes, with users and an admin, in a world where everything follows from the seed. */

import { FORMAT } from '../../../src/model/formats.ts'
import { aKey } from '../../support/records.ts'
import { administrator } from './administrator.ts'
import { createEtcdModel, type EtcdModel } from './etcd-model.ts'
import { troubleEtcd, troubleMachine } from './faults.ts'
import type { Mutation } from './mutants.ts'
import { createNetwork } from './network.ts'
import { createPeerNetwork, type PeerNetwork, troublePeers } from './peer-network.ts'
import { createProcess } from './process.ts'
import { createRecords, type Outcome, type Records, type Seat, USERS, type User } from './records.ts'
import { startNode } from './sim-node.ts'
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

const NODES = ['hsm-a', 'hsm-b', 'hsm-c'] as const

/** Trouble ends, then people go home, and then there is time to recover. */
const TROUBLE_MS = 14_000
const PEOPLE_MS = 16_000
const END_MS = 25_000

/** Of the machines' clocks, the slowest and the fastest. */
const ABOUT_RIGHT = [0.95, 1.05] as const
const TWOFOLD = [0.75, 1.4] as const
const ANY_RATE = [0.5, 5] as const

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
    minimumVersion: FORMAT,
    auditPolicy: undefined,
    auditPublicKey: undefined,
    auditKey: undefined,
    materialInMemory: undefined,
  } as const
  etcd.commit(0, [{ put: cluster }, { put: aKey({ sharedWith: ['bob'] }) }])
  const rates = mutation.rates ?? (bounded ? (fence ? TWOFOLD : ABOUT_RIGHT) : ANY_RATE)
  const peers = createPeerNetwork(time, chance, faults)
  const seats = NODES.map((id) => createSeat(id, { time, chance, etcd, peers, rates, faults, mutation }))
  const records = createRecords(time, etcd, seats, bounded)
  const scene = { time, chance, seats, faults, records }
  if (faults) {
    for (const seat of seats) {
      const onAbsence = (end: number) => {
        useBeyond(end, seat, scene)
        takeBackSoon(scene)
      }
      troubleMachine({ time, chance, until: TROUBLE_MS }, { machine: seat, etcd, onAbsence })
    }
    troubleEtcd({ time, chance, until: TROUBLE_MS }, etcd)
    troublePeers({ time, chance, until: TROUBLE_MS }, peers, NODES)
    if (chance.happens(0.5)) administrator({ time, chance, until: TROUBLE_MS }, etcd, seats)
  }
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
  readonly peers: PeerNetwork
  readonly rates: readonly [number, number]
  readonly faults: boolean
  readonly mutation: Mutation
}

function createSeat(id: string, { time, chance, etcd, peers, rates, faults, mutation }: World): Seat {
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
        const own = peers.linksOf(id, process)
        const links = mutation.links?.(own, etcd) ?? own
        seat.node = startNode({ id, process, store, links, chance, now: time.now, mutation })
      })
    })
  }
  start()
  return seat
}

type Scene = {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly seats: readonly Seat[]
  readonly faults: boolean
  readonly records: Records
}

const usualWork = ({ chance, faults }: Scene): number =>
  !faults || chance.happens(0.93) ? chance.between(1, 15) : chance.between(50, 7000)

function useOnce(user: User, seat: Seat, scene: Scene, workMs = usualWork(scene)): void {
  const { time, records } = scene
  const { node } = seat
  if (!node?.process.alive || node.process.paused) return
  const start = time.now()
  node.use(user, workMs).then(
    (used) => node.process.alive && records.used(user, start, used),
    () => records.refused(),
  )
}

/** Uses that end soon after a time: what happens until then happens in the middle of them. */
function useBeyond(end: number, seat: Seat, scene: Scene): void {
  const { time, chance } = scene
  for (const user of USERS) useOnce(user, seat, scene, end - time.now() + chance.between(0, 1500))
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
  const { time, chance } = scene
  const next = () => {
    if (time.now() < PEOPLE_MS) time.at(time.now() + chance.between(10, 700), next)
    change(chance.pick(USERS), chance.happens(0.5), scene)
  }
  next()
}

/** While a machine is away, it does not hear of it. */
function takeBackSoon(scene: Scene): void {
  const { time, chance } = scene
  for (const user of USERS) time.at(time.now() + chance.between(1, 300), () => change(user, false, scene))
}

/** Somewhere, if an HSM is there that serves. */
function change(user: User, share: boolean, scene: Scene): void {
  const { time, chance, seats, faults, records } = scene
  const seat = seats[Math.floor(chance.next() * seats.length)]
  const node = seat?.node
  if (!seat || !node?.process.alive || node.process.paused || !node.serves()) return
  if (!share) records.begun()
  let revision = 0
  node
    .change(
      (key) => changed(key, user, share),
      (at) => {
        revision = at
        const isLast = time.now() > TROUBLE_MS - 5000
        if (faults && !share && !isLast && node.process.alive && chance.happens(0.1))
          dieAndAskAgain(seat, user, scene)
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

/** The node dies with the revocation made and nobody told; whoever wanted it asks another. */
function dieAndAskAgain(seat: Seat, user: User, scene: Scene): void {
  const { time, chance } = scene
  seat.process.kill()
  seat.store.close()
  time.at(time.now() + chance.between(0, 5000), seat.restart)
  time.at(time.now() + chance.between(1, 100), () => change(user, false, scene))
}

function changed(key: ReturnType<typeof aKey>, user: User, share: boolean) {
  const has = key.sharedWith.includes(user)
  if (has === share) return key
  const others = key.sharedWith.filter((other) => other !== user)
  return { ...key, sharedWith: share ? [...others, user] : others }
}
