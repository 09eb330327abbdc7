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

const entryOf = async (clusterId: string) => {
  const answer = await client.ask(KV.method.range, { key: createKeys(clusterId).format })
  return 'value' in answer ? answer.value.kvs[0]?.value : undefined
}
const write = (clusterId: string, value: Uint8Array) =>
  client.ask(KV.method.txn, { success: [putKey(createKeys(clusterId).format, value)] })
const sealed = (clusterId: string, layout: number) =>
  createSealer(Buffer.alloc(32, 0x5a), 'records', clusterId).seal(
    Buffer.from(JSON.stringify({ layout })),
    'format',
  )

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
  await write(clusterId, sealed(clusterId, 2))
  await assert.rejects(openEtcd(etcd.endpoints, clusterId), {
    code: 'store-damaged',
    message:
      'The store in etcd has layout 2, and this version of Strongroom reads layouts up to 1; upgrade this HSM',
  })
  await write(clusterId, sealed('cluster-other', 1))
  await assert.rejects(openEtcd(etcd.endpoints, clusterId), {
    code: 'store-damaged',
    message: 'The entry format is damaged: it was changed or moved',
  })
  await write(clusterId, sealed(clusterId, 1))
  const opened = await openEtcd(etcd.endpoints, clusterId)
  await opened.close()
})
