/** One life of a node: the real protocol, over a simulated store, with keys that only take time. */
import { createBarrier } from '../../../src/cluster/barrier.ts'
import type { Established } from '../../../src/cluster/cluster.ts'
import { type ClusterNode, createClusterNode } from '../../../src/cluster/cluster-node.ts'
import type { PeerLinks } from '../../../src/cluster/peer-links.ts'
import { underTickets } from '../../../src/cluster/ticketed-use.ts'
import { createUses, type Grant } from '../../../src/cluster/uses.ts'
import type { KeyRecord } from '../../../src/model/records.ts'
import { revocationsOf } from '../../../src/policy/revocation.ts'
import type { Mutation } from './mutants.ts'
import { MARK } from './peer-network.ts'
import type { Process } from './process.ts'
import type { SimStore } from './sim-store.ts'
import type { Chance } from './virtual-time.ts'

const KEY = 'key/0x0000000000001000'

type Worked = { readonly permitted: number; readonly workDone: number }
export type UnderWay = { readonly user: string; readonly begun: number }

/** True times. */
export type Used = { readonly permitted: number; readonly workDone: number }

export interface SimNode {
  readonly process: Process
  readonly store: SimStore
  readonly cluster: ClusterNode
  /** Uses whose work goes on. */
  readonly underWay: ReadonlySet<UnderWay>
  /** Whether it would serve now. */
  serves(): boolean
  use(user: string, workMs: number): Promise<Used>
  /** @param committed told the revision of the commit */
  change(
    change: (key: KeyRecord) => KeyRecord,
    committed: (revision: number) => void,
  ): Promise<{ readonly how: Established | undefined }>
}

type Needs = {
  readonly id: string
  readonly process: Process
  readonly store: SimStore
  readonly links: PeerLinks
  readonly chance: Chance
  readonly now: () => number
  readonly mutation: Mutation
}

/** @param store that is loaded */
export function startNode({ id, process, store, links, chance, now, mutation }: Needs): SimNode {
  const same = <T>(value: T): T => value
  const uses = (mutation.uses ?? same)(createUses())
  const underWay = new Set<UnderWay>()
  const established = new Map<number, Established>()
  const cluster = createClusterNode({
    store,
    coordination: (mutation.coordination ?? same)(store),
    self: () => ({ id, address: id, version: '1.0.0' }),
    place: id,
    clock: mutation.clock?.(process) ?? process.clock,
    after: process.after,
    now: () => 0,
    random: (bytes) => Uint8Array.from({ length: bytes }, () => Math.floor(chance.between(0, 256))),
    links,
    mark: mutation.mark ?? MARK,
    several: true,
    log: () => undefined,
    ...(mutation.timing && { timing: mutation.timing }),
  })
  const barrier = (mutation.barrier ?? same)(
    createBarrier(store, uses, revocationsOf, {
      ...cluster.others,
      ...(mutation.seen && { seen: mutation.seen }),
      async inEffect(revision) {
        const how = await cluster.others.inEffect(revision)
        established.set(revision, how)
        return how
      },
    }),
  )
  void cluster.join((mutation.settled ?? same)(barrier.settled))

  const work = (ms: number) => new Promise<void>((resolve) => process.after(ms, resolve))
  const key = () => store.catalog.get(KEY) as KeyRecord
  let asked = 0

  return {
    process,
    store,
    cluster,
    underWay,
    serves() {
      try {
        cluster.serving.check()
        return true
      } catch {
        return false
      }
    },
    use: async (user, workMs) => {
      // Every third one has something to read first.
      let waits = asked++ % 3 === 0
      let isDecided = false
      return underTickets<Grant & { readonly permitted: number }, Worked>(
        { serving: (mutation.serving ?? same)(cluster.serving), uses },
        () => {
          if (!isDecided && !key().sharedWith.includes(user)) throw new Error('not permitted')
          isDecided = mutation.decidesOnce === true
          const first = waits
          waits = false
          return first ? { first: work(workMs) } : { key: key().id, user, session: '', permitted: now() }
        },
        async ({ permitted }) => {
          const mine = { user, begun: now() }
          underWay.add(mine)
          await work(workMs)
          underWay.delete(mine)
          return { permitted, workDone: now() }
        },
      )
    },
    async change(change, committed) {
      let unchanged = false
      const { revision } = await store.transact((view) => {
        const before = view.get(KEY) as KeyRecord
        const after = change(before)
        unchanged = after === before
        const head = { kind: 'audit-head', id, count: 0, hash: '', keyUse: undefined } as const
        return { writes: unchanged ? [] : [{ put: after }, { put: head }], audit: [], result: undefined }
      })
      committed(revision)
      await barrier.confirm(revision, unchanged)
      return { how: established.get(revision) }
    },
  }
}
