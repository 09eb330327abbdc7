/** From a backup to another cluster: what is brought along, what is new, and what is refused although it is sealed well. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { verifyEntries } from '../../../src/audit/chain.ts'
import type { Entry } from '../../../src/backup/parts.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { createSealer } from '../../../src/crypto/seal.ts'
import { restoreInto } from '../../../src/engine/restore.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { sampleLogin } from '../../contract/store-samples.ts'
import { backupOf, cloneFrom, opened } from '../../support/backups.ts'
import { CLUSTER_ID, MASTER_KEY, testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, makeAes, PASSWORD, type World } from '../../support/world.ts'

const OWN_KEY = randomBytes(32)
const options = {
  source: CLUSTER_ID,
  clusterId: 'cluster-restored',
  hsmId: 'hsm-new',
  to: createSealer(OWN_KEY, 'material', 'cluster-restored'),
  random: randomBytes,
  now: 0,
}

async function* asParts(...parts: readonly (readonly Entry[])[]): AsyncGenerator<readonly Entry[]> {
  yield* parts
}

const damaged = fails('invalid-data', 'The backup is damaged, or not whole')

suite('a backup of a running HSM', () => {
  let world: World
  let backup: Buffer
  let entries: readonly Entry[]
  let from: Awaited<ReturnType<typeof opened>>['from']

  const restore = (...parts: readonly (readonly Entry[])[]) => {
    const store = memoryStore()
    return restoreInto(store, asParts(...parts), { ...options, from }).then((counts) => ({ store, counts }))
  }

  before(async () => {
    world = await createWorld(await testEngine())
    for (let number = 0; number < 3; number++) await makeAes(world, 'alice', `key ${number}`)
    backup = await backupOf(world.hsm, world.token('admin'))
    const found = await opened(backup)
    from = found.from
    const read: Entry[] = []
    for await (const part of found.parts) read.push(...part)
    entries = read
  })

  test('has no login in it', async () => {
    const who = { username: 'alice', role: 'crypto-user', password: PASSWORD, resumable: true } as const
    assert.ok((await world.hsm.call('session.login', who)).credential)
    const { parts } = await opened(await backupOf(world.hsm, world.token('admin')))
    const kinds = new Set<string>()
    for await (const part of parts)
      for (const entry of part) kinds.add('record' in entry ? entry.record.kind : 'audit')
    assert.deepEqual(kinds, new Set(['cluster', 'user', 'key', 'audit-head', 'audit']))
  })

  test('is of one moment, while the HSM goes on', async () => {
    const begun = await world.as('admin', 'backup.begin', {})
    await makeAes(world, 'alice', 'made meanwhile')
    assert.deepEqual([begun.users, begun.keys], [5, 3])
    const { counts } = await restore(entries)
    assert.deepEqual(counts, { users: 5, keys: 3 })
  })

  test('becomes a cluster with users, keys and their logs, an id and references of its own', async () => {
    const { store } = await restore(entries)
    const cluster = store.catalog.cluster()
    assert.equal(cluster?.clusterId, 'cluster-restored')
    assert.ok((cluster?.nextReference ?? 0) >= 2 ** 32)
    const log = await store.audit('hsm-test2345abc', 0, 1000)
    assert.equal(verifyEntries(log), undefined)
    const [begin] = await store.audit('hsm-new', 0, 1000)
    assert.deepEqual(begin?.subjects, [
      `cluster/${CLUSTER_ID}`,
      `audit/hsm-test2345abc/${log.length}/${log.at(-1)?.hash}`,
    ])
  })

  test('serves: passwords and keys are as they were', async () => {
    const { engine } = await cloneFrom(backup, 'cluster-serving')
    const login = { username: 'alice', role: 'crypto-user', password: PASSWORD } as const
    const { token } = await engine.call('session.login', login)
    const { total_key_count } = await engine.call('key.list', { filter: [] }, token)
    assert.equal(total_key_count, 3)
    const status = await engine.call('cluster.status', {})
    assert.equal(status['cluster-id'], 'cluster-serving')
  })

  test('is in parts that do not grow', async () => {
    const begun = await world.as('admin', 'backup.begin', {})
    const { part } = await world.as('admin', 'backup.next', { backup: begun.backup })
    assert.ok(part.length < 2 * LIMITS.backupPartBytes)
  })

  test('is read by the session that began it, and once', async () => {
    const { backup: id } = await world.as('admin', 'backup.begin', {})
    const other = await world.login('admin', 'admin')
    const absent = fails('backup-not-found')
    await assert.rejects(world.hsm.call('backup.next', { backup: id }, other), absent)
    await assert.rejects(world.as('alice', 'backup.next', { backup: id }), fails('not-permitted'))
    await assert.rejects(world.as('alice', 'backup.begin', {}), fails('not-permitted'))
    const both = await Promise.allSettled([1, 2].map(() => world.as('admin', 'backup.next', { backup: id })))
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    await assert.rejects(world.as('admin', 'backup.next', { backup: id }), absent)
  })

  test('is one of few at once', async () => {
    const tokens = await Promise.all(
      Array.from({ length: LIMITS.backups + 1 }, () => world.login('admin', 'admin')),
    )
    for (const token of tokens.slice(0, LIMITS.backups)) await world.hsm.call('backup.begin', {}, token)
    const one = tokens.at(-1)
    await assert.rejects(world.hsm.call('backup.begin', {}, one), fails('busy'))
    await world.hsm.call('session.logout', {}, tokens[0])
    await world.hsm.call('backup.begin', {}, one)
    for (const token of tokens.slice(1)) await world.hsm.call('session.logout', {}, token)
  })

  test('is refused when records are missing, twice there, or none of its cluster', async () => {
    const [cluster, ...others] = entries as [Entry, ...Entry[]]
    const isHead = (entry: Entry) => 'record' in entry && entry.record.kind === 'audit-head'
    const audit = entries.filter((entry): boolean => 'audit' in entry)
    const [user] = others
    await assert.rejects(restore(others), damaged)
    await assert.rejects(restore([...entries, user as Entry]), damaged)
    await assert.rejects(restore(entries, [user as Entry]), damaged)
    await assert.rejects(restore(entries.filter((entry) => !isHead(entry))), damaged)
    await assert.rejects(restore(entries.slice(0, -1)), damaged)
    await assert.rejects(restore(entries.filter((entry) => entry !== audit[0])), damaged)
    await assert.rejects(restore([...others.filter((entry) => !audit.includes(entry)), cluster]), damaged)
    const authority = { kind: 'certificate-authority', id: 'self', certificate: '', key: '' } as const
    await assert.rejects(restore([...entries, { record: authority }]), damaged)
    await assert.rejects(restore([...entries, { record: sampleLogin(1) }]), damaged)
    const foreign = restoreInto(memoryStore(), asParts(entries), { ...options, source: 'cluster-x', from })
    await assert.rejects(foreign, damaged)
    const unsealed = restoreInto(memoryStore(), asParts(entries), {
      ...options,
      from: createSealer(MASTER_KEY, 'material', CLUSTER_ID),
    })
    await assert.rejects(unsealed, damaged)
  })
})
