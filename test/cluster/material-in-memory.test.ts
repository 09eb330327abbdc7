/** The setting that keeps the material of all keys in memory, as users of HSMs on a real etcd meet it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test'
import { alone } from '../../src/cluster/cluster.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { EtcdStore } from '../../src/store/etcd/etcd-store.ts'
import { newClusterId, openEtcd } from '../contract/store-etcd.ts'
import { CLUSTER_ID, testEngine } from '../support/engine.ts'
import { fails } from '../support/errors.ts'
import { compact, type EtcdCluster, startEtcd } from '../support/etcd.ts'
import { startProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { createWorld, makePair, PASSWORD, sign, type World } from '../support/world.ts'

/** An engine on a store of its own connection. It does not join: what it may serve is not what these tests are about. */
type Node = { readonly store: EtcdStore; readonly engine: Engine }

describe('all material in memory', () => {
  let etcd: EtcdCluster
  let clusterId: string
  before(async () => {
    etcd = await startEtcd({ members: 3 })
  })
  after(() => etcd.stop())
  beforeEach(() => {
    clusterId = newClusterId()
  })

  async function open(t: TestContext, id: string, endpoints = etcd.endpoints): Promise<Node> {
    const store = await openEtcd(endpoints, clusterId)
    const hsm = { id, version: '1.2.3', address: () => '' }
    const status = () => ({
      'hsm-id': id,
      material: { 'in-memory': 'used' as const, ...store.heldMaterial() },
    })
    const cluster = { ...alone(() => ({ ...hsm, address: '' })), status }
    const engine = await testEngine({ store, clusterId: CLUSTER_ID, hsm, cluster })
    t.after(async () => {
      await engine.close()
      await store.close()
    })
    return { store, engine }
  }

  /** Somebody of the cluster who is logged in at this node. */
  async function at({ engine }: Node): Promise<World> {
    const login = async (username: string, role: 'admin' | 'crypto-user' = 'crypto-user') =>
      (await engine.call('session.login', { username, role, password: PASSWORD })).token
    const tokens = new Map([
      ['admin', await login('admin', 'admin')],
      ['alice', await login('alice')],
      ['bob', await login('bob')],
    ])
    const token = (who: string) => tokens.get(who) ?? ''
    return {
      hsm: engine,
      token,
      login,
      as: (who, operation, request) => engine.call(operation, request, token(who)),
    }
  }

  const set = (world: World, choice: 'used' | 'all') =>
    world.as('admin', 'cluster.set-material', { 'in-memory': choice })
  const keeps = (node: Node, keys: number) =>
    until(`the material of ${keys} keys is in memory`, () => node.store.heldMaterial().keys === keys)

  it('lets a key be used for the first time when etcd does not answer, and is off until an admin sets it', async (t) => {
    const writer = await createWorld((await open(t, 'hsm-a')).engine)
    const pairs = [
      await makePair(writer, 'alice', { label: 'one' }),
      await makePair(writer, 'alice', { label: 'two' }),
    ]
    const proxies = await Promise.all(etcd.endpoints.map(startProxy))
    t.after(() => Promise.all(proxies.map((proxy) => proxy.close())))
    const node = await open(
      t,
      'hsm-b',
      proxies.map(({ port }) => `http://127.0.0.1:${port}`),
    )
    const world = await at(node)

    for (const proxy of proxies) proxy.choke()
    await assert.rejects(sign(world, 'alice', pairs[0]?.priv ?? '', 'text'), {
      code: 'store-failure',
      message: /etcd did not answer in time/,
    })
    for (const proxy of proxies) proxy.open()
    await set(writer, 'all')
    await keeps(node, 4)
    for (const proxy of proxies) proxy.choke()
    for (const { priv } of pairs) assert.ok(await sign(world, 'alice', priv, 'text'))
    for (const proxy of proxies) proxy.open()
  })

  it('has new keys, forgets deleted ones, and all of them when it goes off', async (t) => {
    const [one, two] = [await open(t, 'hsm-a'), await open(t, 'hsm-b')]
    const world = await createWorld(one.engine)
    const { priv, pub } = await makePair(world, 'alice', { label: 'one' })
    const state = await set(world, 'all')
    assert.deepEqual([state['in-memory'], state.keys], ['all', 2])
    for (const node of [one, two]) await keeps(node, 2)
    await makePair(world, 'alice', { label: 'two' })
    for (const node of [one, two]) await keeps(node, 4)
    await world.as('alice', 'key.set-attribute', {
      filter: [`key-reference=${priv}`],
      attributes: { label: 'new' },
    })
    const { revision } = await one.store.transact(() => ({ writes: [], audit: [], result: undefined }))
    await two.store.appliedAtLeast(revision)
    for (const node of [one, two]) await keeps(node, 4)
    for (const key of [priv, pub]) await world.as('alice', 'key.delete', { filter: [`key-reference=${key}`] })
    for (const node of [one, two]) await keeps(node, 2)
    const shown = await world.as('admin', 'cluster.show-material', {})
    assert.deepEqual([shown['in-memory'], shown.keys, shown.kept?.keys], ['all', 2, 2])
    await set(world, 'used')
    for (const node of [one, two]) {
      await keeps(node, 0)
      assert.equal(node.store.heldMaterial().bytes, 0)
    }
    assert.ok(
      await sign(await at(two), 'alice', (await makePair(world, 'alice', { label: 'three' })).priv, 'text'),
    )
  })

  it('is there again after a restart, and after an outage that etcd has compacted away', async (t) => {
    const writer = await open(t, 'hsm-a')
    const world = await createWorld(writer.engine)
    const gone = await makePair(world, 'alice', { label: 'gone' })
    await makePair(world, 'alice', { label: 'stays' })
    await set(world, 'all')
    const proxies = await Promise.all(etcd.endpoints.map(startProxy))
    t.after(() => Promise.all(proxies.map((proxy) => proxy.close())))
    const node = await open(
      t,
      'hsm-b',
      proxies.map(({ port }) => `http://127.0.0.1:${port}`),
    )
    await keeps(node, 4)

    for (const proxy of proxies) proxy.shut()
    for (const key of [gone.priv, gone.pub])
      await world.as('alice', 'key.delete', { filter: [`key-reference=${key}`] })
    const made = await Promise.all(['x', 'y', 'z'].map((label) => makePair(world, 'alice', { label })))
    await compact(etcd)
    for (const proxy of proxies) proxy.open()
    await keeps(node, 8)
    const there = await at(node)
    for (const proxy of proxies) proxy.choke()
    for (const { priv } of made) assert.ok(await sign(there, 'alice', priv, 'text'))
    for (const proxy of proxies) proxy.open()
  })

  it('is set by admins only, and the audit log says from what to what', async (t) => {
    const world = await createWorld((await open(t, 'hsm-a')).engine)
    await assert.rejects(
      world.as('alice', 'cluster.set-material', { 'in-memory': 'all' }),
      fails('not-permitted'),
    )
    await assert.rejects(world.as('alice', 'cluster.show-material', {}), fails('not-permitted'))
    await set(world, 'all')
    const { entries } = await world.as('admin', 'audit.list', { only: { operation: 'cluster.set-material' } })
    assert.deepEqual(
      entries.map(({ actor, outcome, changes }) => ({ actor, outcome, changes })),
      [
        { actor: 'alice', outcome: 'not-permitted', changes: undefined },
        {
          actor: 'admin',
          outcome: 'ok',
          changes: [{ of: ['cluster'], what: 'material-in-memory', from: 'used', to: 'all' }],
        },
      ],
    )
  })
})
