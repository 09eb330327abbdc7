/** What the watch brings of a backlog, which etcd sends in several responses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEtcdClient } from '../../src/store/etcd/client.ts'
import { createKeys } from '../../src/store/etcd/keys.ts'
import { put } from '../../src/store/etcd/requests.ts'
import { KV } from '../../src/store/etcd/rpc_pb.ts'
import { createWatch } from '../../src/store/etcd/watch.ts'
import { newClusterId } from '../contract/store-etcd.ts'
import { startEtcd } from '../support/etcd.ts'

const REVISIONS = 12
const KEYS = 100

test('revisions are told whole, once and in their order, however etcd cuts them', async (t) => {
  await using undo = new AsyncDisposableStack()
  const etcd = await startEtcd()
  undo.defer(etcd.stop)
  const client = createEtcdClient({ endpoints: etcd.endpoints })
  undo.defer(client.close)
  const keys = createKeys(newClusterId())
  // Several revisions in one response, and one that alone takes more than one.
  for (let at = 0; at < REVISIONS; at++) {
    const value = Buffer.alloc(at % 3 === 0 ? 13_000 : 100, at)
    const success = Array.from({ length: KEYS }, (_, key) => put(keys.record(`user/${key}`), value))
    assert.ok('value' in (await client.ask(KV.method.txn, { success })))
  }
  const told: { revision: number; keys: number; values: ReadonlySet<number | undefined> }[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const watch = createWatch(client, keys.everything, {
    applied: () => 1,
    onRevision(revision, events) {
      const names = new Set(events.map(({ kv }) => Buffer.from(kv?.key ?? []).toString()))
      told.push({ revision, keys: names.size, values: new Set(events.map(({ kv }) => kv?.value[0])) })
      if (told.length >= REVISIONS) resolve()
    },
    onLive: () => undefined,
    onCut: () => assert.fail('the watch was cut'),
    onCompacted: () => assert.fail('nothing was compacted'),
  })
  t.after(watch.stop)
  watch.start()
  await promise
  watch.stop()
  const first = told[0]?.revision ?? 0
  assert.deepEqual(
    told,
    Array.from({ length: REVISIONS }, (_, at) => ({
      revision: first + at,
      keys: KEYS,
      values: new Set([at]),
    })),
  )
})
