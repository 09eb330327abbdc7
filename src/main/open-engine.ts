/** Composition of the HSM itself: store, seals, passwords, engine, and its place in a cluster. */
import { randomBytes } from 'node:crypto'
import { uptime } from 'node:os'
import type { Log } from '../base/log.ts'
import { notBeforeRelease, version } from '../base/version.ts'
import type { Identity } from '../certificates/certificates.ts'
import { loadAuthority } from '../certificates/tls.ts'
import { createBootClock } from '../cluster/boot-clock.ts'
import type { Admit, Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import type { PublicObjects } from '../contract/public-objects.ts'
import { opensslAvailable } from '../crypto/openssl.ts'
import { createPasswordHasher, PASSWORD_COST, type PasswordCost } from '../crypto/password.ts'
import { recordRollback } from '../engine/accepted-rollback.ts'
import { createEngine } from '../engine/engine.ts'
import { checkFounding } from '../engine/founding-check.ts'
import { anchor, anchored, recordDamage } from '../engine/journal/anchors.ts'
import { raiseFormat } from '../engine/raise-format.ts'
import type { Home } from '../home/home.ts'
import { openKeyUseJournal } from '../journal/key-use-journal.ts'
import type { Protocols } from '../listener/tls.ts'
import { measuredHsm, measuredStore, observeHoldings } from '../metrics/instruments.ts'
import type { Registry } from '../metrics/registry.ts'
import { FORMAT } from '../model/formats.ts'
import { writeMarkRegularly } from '../node/applied-mark.ts'
import { sharedAuthority } from '../node/authority.ts'
import { bootIdentity } from '../node/boot-identity.ts'
import { type OpenStore, openEmbeddedStore } from '../node/embedded-store.ts'
import { type OpenNodeOptions, openNode } from '../node/open-node.ts'
import { createPeerLinks, type PeerLinksNeeds } from '../node/peer-links.ts'
import type { NodePlan } from '../node/settings.ts'
import type { Profile } from '../policy/hsm-profile/profile.ts'
import type { EtcdStore } from '../store/etcd/etcd-store.ts'
import type { SqliteStore } from '../store/sqlite/sqlite-store.ts'

export type OpenEngine = {
  readonly engine: Hsm
  readonly admit: Admit
  readonly clusterId: string
  /** The CA of the cluster. */
  readonly authority: Identity
  /** That the other HSMs speak on the port of this one. */
  readonly protocols: Protocols
  /** Resolves when the HSM serves; until then it refuses nearly everything. */
  join(): Promise<void>
  close(): Promise<void>
}

export type OpenEngineOptions = {
  readonly home: Home
  /** Of this HSM, as it is shown to users. */
  readonly address: () => string
  /** Its place in a cluster on etcd; left out, it has an embedded store. */
  readonly node?: NodePlan | undefined
  /** Where it is measured, if anywhere. */
  readonly registry?: Registry | undefined
  /** What a new cluster is founded as, and one that there is must have been; left out, whatever it is. */
  readonly profile?: Partial<Profile> | undefined
  /** What is shown before login; left out, certificates. */
  readonly publicObjects?: PublicObjects | undefined
  /** Take a store that is not known to be the newest. */
  readonly acceptRollback?: boolean | undefined
  /** Of hashes that are made from now on; left out, `PASSWORD_COST`. */
  readonly passwordCost?: PasswordCost | undefined
  readonly log: Log
}

/** What was rolled back is told before anything else is done with it. */
async function telling<S extends SqliteStore | EtcdStore, O extends OpenStore<S>>(
  opened: O,
  log: Log,
): Promise<O> {
  const { store, hsmId } = opened
  if (!store.rollback) return opened
  try {
    await recordRollback({ store, hsmId, rollback: store.rollback, now: Date.now(), log })
    return opened
  } catch (error) {
    await store.close()
    throw error
  }
}

async function embeddedStore(
  { home, acceptRollback, log }: OpenEngineOptions,
  undo: AsyncDisposableStack,
): Promise<OpenStore> {
  const opened = await telling(openEmbeddedStore(home, { acceptRollback, log }), log)
  undo.defer(() => opened.store.close())
  return opened
}

async function sharedStore(
  { home, acceptRollback, log }: OpenEngineOptions,
  plan: NodePlan,
  clock: () => number,
  undo: AsyncDisposableStack,
) {
  // Loaded for those who have it: the client of etcd is large.
  const { openSharedStore } = await import('../node/shared-store.ts')
  const opened = await telling(await openSharedStore(home, plan, { clock, acceptRollback, log }), log)
  undo.defer(() => opened.store.close())
  const mark = writeMarkRegularly(home.mark, opened.records, opened.store.root, log)
  undo.defer(mark.close)
  return opened
}

/** What the HSM finds of its key-use journal, which it writes to when the audit policy asks for it. */
const keyUseOf = ({ home, log }: OpenEngineOptions, { store, hsmId, clusterId, keyUseSealer }: OpenStore) =>
  openKeyUseJournal({
    place: { directory: home.keyUse, hsm: hsmId, clusterId, sealer: keyUseSealer },
    policy: () => store.catalog.cluster()?.auditPolicy,
    now: Date.now,
    monotonic: () => performance.now(),
    anchored: () => anchored(store.catalog, hsmId),
    anchor: (head) => anchor(store, hsmId, head),
    log,
  })

type Own = Pick<OpenNodeOptions, 'hsm' | 'clock'> & Pick<PeerLinksNeeds, 'ca'>

/** This HSM in its cluster, and what the others speak on its port. */
function nodeOf(
  { home, registry, log }: OpenEngineOptions,
  { store, peers: { mark } }: Awaited<ReturnType<typeof sharedStore>>,
  { ca, ...own }: Own,
) {
  const links = createPeerLinks({ ca, clock: own.clock, log })
  const place = bootIdentity(home)
  return { ...openNode({ ...own, store, place, links, mark, registry, log }), protocols: links.protocols }
}

const seconds = () => performance.now() / 1000

/**
 * Opens the HSM of a home, or makes a new one there. The home must be locked by the caller.
 *
 * @throws HsmError `store-damaged` or `store-failure` with one sentence naming what is wrong
 */
export async function openEngine(options: OpenEngineOptions): Promise<OpenEngine> {
  const { home, address, node: plan, registry, profile = {}, publicObjects, log } = options
  const { passwordCost = PASSWORD_COST } = options
  await using undo = new AsyncDisposableStack()
  const clock = createBootClock({ monotonic: () => performance.now(), wall: Date.now, uptime })
  const shared = plan && (await sharedStore(options, plan, clock, undo))
  const opened = shared ?? (await embeddedStore(options, undo))
  const { store, sealer, backupKeys, clusterId, hsmId } = opened
  const keyUse = await keyUseOf(options, opened)
  const hsm = { id: hsmId, version, address }
  let authority: Identity | undefined
  const node = shared && nodeOf(options, shared, { hsm, clock, ca: () => authority?.cert ?? '' })
  const engine = createEngine({
    store: registry ? measuredStore(store, registry, seconds) : store,
    sealer,
    backupKeys,
    clusterId,
    passwords: createPasswordHasher({
      cost: passwordCost,
      parallel: LIMITS.passwordHashes,
      queue: LIMITS.passwordQueue,
    }),
    hsm,
    now: Date.now,
    monotonic: () => performance.now(),
    random: randomBytes,
    ...(node && { cluster: node.cluster }),
    keyUseFence: plan?.keyUseFence === true,
    profile,
    ...(publicObjects && { publicObjects }),
    keyUseJournal: keyUse,
    log,
  })
  undo.defer(() => engine.close())
  if (node) undo.defer(() => node.leave())
  await engine.found()
  checkFounding(store, { clusterId, fence: plan?.keyUseFence === true, profile })
  await recordDamage(store, hsmId, keyUse.damage, Date.now())
  const now = notBeforeRelease(Date.now())
  authority = shared
    ? await sharedAuthority(store, sealer, clusterId, now)
    : await loadAuthority(home, clusterId, now)
  if (!opensslAvailable())
    log('warn', {}, 'OpenSSL cannot be called directly; some operations are slow or refused')
  if (registry) observeHoldings(engine, registry)
  const bare = { hsm: engine, admit: engine.admit }
  const measured = registry ? measuredHsm(bare, registry, seconds) : bare
  const everything = undo.move()
  return {
    engine: measured.hsm,
    admit: measured.admit,
    clusterId,
    authority,
    protocols: node?.protocols ?? {},
    async join() {
      await node?.join(engine.settled)
      const readable = node ? node.readableFormat : async () => FORMAT
      await raiseFormat({ store, hsmId, readable, now: Date.now, log })
    },
    close: () => everything.disposeAsync(),
  }
}
