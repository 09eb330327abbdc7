/** What is too large for one answer of etcd: a backlog of the watch, a log, a store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CertificateRecord } from '../../src/model/records.ts'
import { createEtcdClient } from '../../src/store/etcd/client.ts'
import { createKeys } from '../../src/store/etcd/keys.ts'
import { put as putKey } from '../../src/store/etcd/requests.ts'
import { KV } from '../../src/store/etcd/rpc_pb.ts'
import { createWatch } from '../../src/store/etcd/watch.ts'
import { newClusterId, openEtcd } from '../contract/store-etcd.ts'
import { contents, logged, put, reference } from '../contract/store-samples.ts'
import { startEtcd } from '../support/etcd.ts'

const REVISIONS = 12
const KEYS = 100
/** Of the largest size, more than 64 MiB of them. */
const CERTIFICATES = 1590
const ENTRIES = 60

const certificate = (number: number, value: string): CertificateRecord => ({
  kind: 'certificate',
  id: reference(number),
  owner: 'user-1',
  label: 'ca',
  idAttribute: '0x01',
  value,
})

test('revisions of a backlog are told whole, once and in their order, however etcd cuts them', async (t) => {
  await using undo = new AsyncDisposableStack()
  const etcd = await startEtcd()
  undo.defer(etcd.stop)
  const client = createEtcdClient({ endpoints: etcd.endpoints })
  undo.defer(client.close)
  const keys = createKeys(newClusterId())
  // Several revisions in one response, and one that alone takes more than one.
  for (let at = 0; at < REVISIONS; at++) {
    const value = Buffer.alloc(at % 3 === 0 ? 13_000 : 100, at)
    const success = Array.from({ length: KEYS }, (_, key) => putKey(keys.record(`user/${key}`), value))
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

test('a log and a store are read that are larger than an answer may be', async () => {
  await using undo = new AsyncDisposableStack()
  const etcd = await startEtcd()
  undo.defer(etcd.stop)
  const clusterId = newClusterId()
  const writer = undo.adopt(await openEtcd(etcd.endpoints, clusterId), (store) => store.close())
  const value = 'A'.repeat(44_000)
  for (let at = 0; at < CERTIFICATES; at += 30) {
    const some = Array.from({ length: 30 }, (_, next) => certificate(at + next, value))
    await writer.transact(() => put(...some))
  }
  for (let at = 0; at < ENTRIES; at++) {
    await writer.transact((view) => logged(view, 'hsm-1', `${at}`.padEnd(1_400_000)))
  }
  const reader = undo.adopt(await openEtcd(etcd.endpoints, clusterId), (store) => store.close())
  assert.deepEqual(contents(reader.catalog), contents(writer.catalog))
  assert.equal(reader.catalog.certificateCount(), CERTIFICATES)
  const entries = await reader.audit('hsm-1', 1, 1000)
  assert.deepEqual(
    entries.map(({ operation }) => operation.trim()),
    Array.from({ length: ENTRIES - 1 }, (_, at) => `${at + 1}`),
  )
})
