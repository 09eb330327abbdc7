/** Where nodes on etcd have the material of keys from. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type RecordKey, recordKey } from '../../src/model/records.ts'
import { createEtcdClient } from '../../src/store/etcd/client.ts'
import { createKeys } from '../../src/store/etcd/keys.ts'
import { load } from '../../src/store/etcd/load.ts'
import { createMaterials } from '../../src/store/etcd/materials.ts'
import { createReplica } from '../../src/store/etcd/replica.ts'
import { put as putAt } from '../../src/store/etcd/requests.ts'
import { KV } from '../../src/store/etcd/rpc_pb.ts'
import { etcdOptions, newClusterId, openEtcd } from '../contract/store-etcd.ts'
import { put, sampleKey, write } from '../contract/store-samples.ts'
import { type EtcdCluster, startEtcd } from '../support/etcd.ts'

const KEY = sampleKey(1)
const AT = recordKey(KEY)
const SEALED = 'c2VhbGVkIG1hdGVyaWFs'

describe('material on etcd', () => {
  let etcd: EtcdCluster
  let clusterId: string
  before(async () => {
    etcd = await startEtcd({ members: 3 })
  })
  after(() => etcd.stop())
  beforeEach(() => {
    clusterId = newClusterId()
  })
  const open = () => openEtcd(etcd.endpoints, clusterId)

  it('is read when it is asked for, and is at hand from then on and when a node has just written it', async () => {
    const writer = await open()
    await writer.transact(() => ({ ...put(), writes: [write(KEY, SEALED), write(sampleKey(2))] }))
    assert.equal(writer.material(AT), SEALED)
    const reader = await open()
    const first = reader.material(AT)
    assert.ok(first instanceof Promise)
    assert.equal(await first, SEALED)
    assert.equal(reader.material(AT), SEALED)
    const { revision } = await writer.transact(() => put(sampleKey(3)))
    await reader.appliedAtLeast(revision)
    assert.equal(typeof reader.material(recordKey(sampleKey(3))), 'string')
    await Promise.all([writer.close(), reader.close()])
  })

  it('stays what it is when nodes that have never read it write the key again, many at once', async () => {
    const writer = await open()
    const keys = Array.from({ length: 40 }, (_, at) => sampleKey(at + 1))
    await writer.transact(() => ({ ...put(), writes: keys.map((key) => write(key, SEALED)) }))
    const nodes = await Promise.all([open(), open()])
    await Promise.all(
      nodes.flatMap((node) =>
        keys.map((key) =>
          node.transact((view) => {
            const standing = view.key(key.id)
            return {
              ...put(),
              writes: standing ? [{ put: { ...standing, label: `${standing.label}!` } }] : [],
            }
          }),
        ),
      ),
    )
    const last = await open()
    for (const key of last.catalog.keys()) {
      assert.match(key.label, /!!$/)
      assert.equal(await last.material(recordKey(key)), SEALED)
    }
    await Promise.all([writer, last, ...nodes].map((store) => store.close()))
  })

  it('is read from a member that is left when etcd has no quorum, and what was read before needs none', async () => {
    const writer = await open()
    await writer.transact(() => ({ ...put(), writes: [write(KEY, SEALED), write(sampleKey(2), SEALED)] }))
    const reader = await open()
    assert.equal(await reader.material(AT), SEALED)
    etcd.freeze(1)
    etcd.freeze(2)
    try {
      assert.equal(reader.material(AT), SEALED)
      assert.equal(await reader.material(recordKey(sampleKey(2))), SEALED)
    } finally {
      etcd.thaw(1)
      etcd.thaw(2)
    }
    await Promise.all([writer.close(), reader.close()])
  })

  it('is that of the record as the node has it, whatever a member that is behind answers', async () => {
    const writer = await open()
    const first = await writer.transact(() => ({ ...put(), writes: [write(KEY, SEALED)] }))
    await writer.transact(() => ({ ...put(), writes: [write(KEY, 'bmV3')] }))
    const client = createEtcdClient({ endpoints: etcd.endpoints })
    const { sealer, masterKeyCheck } = etcdOptions(etcd.endpoints, clusterId)
    const keyspace = { client, keys: createKeys(clusterId), sealer, masterKeyCheck }
    const loaded = await load(keyspace)
    assert.ok(loaded)
    const replica = createReplica(keyspace, loaded)
    let behind = 0
    const ask: typeof client.ask = (method, request) => {
      if (!('serializable' in request && request['serializable'])) return client.ask(method, request)
      behind += 1
      return client.ask(method, { ...request, revision: BigInt(first.revision) })
    }
    const materials = createMaterials({ ...keyspace, client: { ...client, ask } }, replica, assert.fail)
    assert.equal(await materials.of(AT), 'bmV3')
    assert.equal(behind, 1)
    client.close()
    await writer.close()
  })

  it('is kept of 1,024 keys, those that were used last', async () => {
    const writer = await open()
    const keys = Array.from({ length: 1025 }, (_, at) => sampleKey(at + 1))
    const [oldest = KEY, second = KEY, third = KEY] = keys
    for (let at = 0; at < 1000; at += 100) await writer.transact(() => put(...keys.slice(at, at + 100)))
    assert.equal(typeof writer.material(recordKey(oldest)), 'string')
    await writer.transact(() => put(...keys.slice(1000)))
    assert.equal(typeof writer.material(recordKey(oldest)), 'string')
    assert.ok(writer.material(recordKey(second)) instanceof Promise)
    assert.equal(typeof writer.material(recordKey(third)), 'string')
    await writer.close()
  })

  it('is refused when it was changed by hand, or is gone', async () => {
    const client = createEtcdClient({ endpoints: etcd.endpoints })
    const keys = createKeys(clusterId)
    const writer = await open()
    await writer.transact(() => ({ ...put(), writes: [write(KEY, SEALED), write(sampleKey(2), SEALED)] }))
    const by = async (key: RecordKey, value: Uint8Array) =>
      assert.ok('value' in (await client.ask(KV.method.txn, { success: [putAt(keys.record(key), value)] })))
    const reader = await open()
    await by(AT, Buffer.alloc(64, 1))
    await assert.rejects(async () => reader.material(AT), { code: 'store-damaged' })
    client.close()
    await Promise.all([writer.close(), reader.close()])
  })
})
