/** What becomes of guarantee G when whoever administers etcd puts back what nodes said before. */
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createEtcdClient } from '../../../src/store/etcd/client.ts'
import { createKeys } from '../../../src/store/etcd/keys.ts'
import { put, remove } from '../../../src/store/etcd/requests.ts'
import { KV } from '../../../src/store/etcd/rpc_pb.ts'
import { CLUSTER_ID, type NodeCluster } from './nodes.ts'
import { isConfirmed, isUse } from './steps.ts'
import { inBothModes, inUse, LIMIT, underLoad } from './under-load.ts'

const AGAIN_MS = 20

/** What the last node has said of itself, as bytes; they cannot be read, but they can be put there again. */
async function keep(t: TestContext, { etcd, nodes: [, , node] }: NodeCluster) {
  const client = createEtcdClient({ endpoints: etcd.endpoints })
  t.after(() => client.close())
  const keys = createKeys(CLUSTER_ID)
  const [registration, word] = [keys.member(`node/${node.id}`), keys.member(`ack/${node.id}`)]
  const standing = async (key: Uint8Array) => {
    const answer = await client.ask(KV.method.range, { key })
    if ('failure' in answer) throw answer.failure.error
    return answer.value.kvs.map(({ value }) => ({ key, value }))
  }
  const kept = [...(await standing(registration)), ...(await standing(word))]
  const write = async (success: Parameters<typeof put>[2] | 'gone', at = kept) => {
    const operations = at.map(({ key, value }) =>
      success === 'gone' ? remove(key) : put(key, value, success),
    )
    await client.ask(KV.method.txn, { success: operations })
  }
  return {
    /** Under no lease, so that it stays. */
    putBack: () => write('0'),
    removeAll: () => write('gone'),
  }
}

inBothModes((cluster) => {
  for (const removed of [false, true]) {
    const name = removed ? 'removed and put back' : 'put back'
    test(`what a node said is ${name} again and again while its traffic is held`, LIMIT, async (t) => {
      const [, , victim] = cluster().nodes
      // With its first registration a node is taken to have what there was when it began.
      await victim.kill()
      await victim.start()
      const load = await underLoad(t, cluster())
      const { putBack, removeAll } = await keep(t, cluster())
      cluster().links.toEtcd.silence()
      let over = false
      const again = async () => {
        while (!over) {
          if (removed) await removeAll()
          await putBack()
          await setTimeout(AGAIN_MS)
        }
      }
      const replaying = again()
      await Promise.all([load.next(3, isConfirmed), load.next(1, isUse(2, 'not-serving'))]).finally(() => {
        over = true
      })
      await replaying
      // What stands there now, under no lease, does not keep it from registering.
      cluster().links.toEtcd.mend()
      await inUse(load)
      await load.verdict()
    })
  }
})
