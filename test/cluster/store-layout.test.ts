/** The entry that tells the layout of a store in etcd. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createSealer } from '../../src/crypto/seal.ts'
import { createEtcdClient } from '../../src/store/etcd/client.ts'
import { createKeys } from '../../src/store/etcd/keys.ts'
import { put as putKey, remove } from '../../src/store/etcd/requests.ts'
import { KV } from '../../src/store/etcd/rpc_pb.ts'
import { newClusterId, openEtcd } from '../contract/store-etcd.ts'
import { startEtcd } from '../support/etcd.ts'

const etcd = await startEtcd()
const client = createEtcdClient({ endpoints: etcd.endpoints })
after(async () => {
  client.close()
  await etcd.stop()
})

const standsAt = async (key: Uint8Array) => {
  const answer = await client.ask(KV.method.range, { key })
  return 'value' in answer ? answer.value.kvs[0]?.value : undefined
}
const entryOf = (clusterId: string) => standsAt(createKeys(clusterId).format)
const write = (clusterId: string, value: Uint8Array, key = createKeys(clusterId).format) =>
  client.ask(KV.method.txn, { success: [putKey(key, value)] })
const sealed = (clusterId: string, value: object, context = 'format') =>
  createSealer(Buffer.alloc(32, 0x5a), 'records', clusterId).seal(Buffer.from(JSON.stringify(value)), context)

test('is written with a new store, and to one of a version that had none', async () => {
  const clusterId = newClusterId()
  const founded = await openEtcd(etcd.endpoints, clusterId)
  await founded.close()
  assert.ok(await entryOf(clusterId))
  await client.ask(KV.method.txn, {
    success: [remove(createKeys(clusterId).format)],
  })
  const opened = await openEtcd(etcd.endpoints, clusterId)
  await opened.close()
  assert.ok(await entryOf(clusterId))
})

test('of a newer version is refused in words, and one that was changed, too', async () => {
  const clusterId = newClusterId()
  const founded = await openEtcd(etcd.endpoints, clusterId)
  await founded.close()
  await write(clusterId, sealed(clusterId, { layout: 2 }))
  const { root } = createKeys(clusterId)
  const before = (await standsAt(root)) ?? assert.fail('there is a root')
  const later = sealed(clusterId, { later: true }, 'root')
  await write(clusterId, Buffer.concat([before.subarray(0, 8), later]), root)
  await assert.rejects(openEtcd(etcd.endpoints, clusterId), {
    code: 'store-damaged',
    message:
      'The store in etcd has layout 2, and this version of Strongroom reads layouts up to 1; upgrade this HSM',
  })
  await write(clusterId, before, root)
  await write(clusterId, sealed('cluster-other', { layout: 1 }))
  await assert.rejects(openEtcd(etcd.endpoints, clusterId), {
    code: 'store-damaged',
    message: 'The entry format is damaged: it was changed or moved',
  })
  await write(clusterId, sealed(clusterId, { layout: 1, later: true }))
  const opened = await openEtcd(etcd.endpoints, clusterId)
  await opened.close()
})
