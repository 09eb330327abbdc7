/** A node that begins with its snapshot has what etcd has, and reads what it was away for and no more. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { createSealer } from '../../src/crypto/seal.ts'
import type { StoredRecord, Write } from '../../src/model/records.ts'
import { createEtcdClient, type EtcdClient } from '../../src/store/etcd/client.ts'
import { type EtcdStore, etcdStore } from '../../src/store/etcd/etcd-store.ts'
import { createKeys } from '../../src/store/etcd/keys.ts'
import { type Operation, put as putAt, remove } from '../../src/store/etcd/requests.ts'
import { KV } from '../../src/store/etcd/rpc_pb.ts'
import { etcdOptions, newClusterId, openEtcd } from '../contract/store-etcd.ts'
import {
  contents,
  reference,
  sampleCluster,
  sampleKey,
  sampleUser,
  write as sampleWrite,
} from '../contract/store-samples.ts'
import { compact, type EtcdCluster, startEtcd } from '../support/etcd.ts'
import { until } from '../support/until.ts'

const KEYS = 1100
const AT_ONCE = 100

type Line = { readonly level: string; readonly [field: string]: unknown }

describe('a snapshot of a store on etcd', () => {
  let etcd: EtcdCluster
  let admin: EtcdClient
  let directory: string
  let clusterId: string
  let other: EtcdStore
  before(async () => {
    etcd = await startEtcd()
    admin = createEtcdClient({ endpoints: etcd.endpoints })
  })
  after(async () => {
    admin.close()
    await etcd.stop()
  })
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'strongroom-snapshot-'))
    clusterId = newClusterId()
    other = await openEtcd(etcd.endpoints, clusterId)
    await write(other, ...puts(sampleCluster(), sampleUser(1)))
    for (let from = 1; from <= KEYS; from += AT_ONCE) {
      await write(other, ...puts(...Array.from({ length: AT_ONCE }, (_, at) => sampleKey(from + at))))
    }
    await (await open()).store.close()
    assert.ok(existsSync(path()))
  })
  afterEach(async () => {
    await other.close()
    rmSync(directory, { recursive: true })
  })

  const path = () => join(directory, 'snapshot')
  async function open(endpoints = etcd.endpoints) {
    const lines: Line[] = []
    const place = {
      path: path(),
      sealer: createSealer(Buffer.alloc(32, 0x5a), 'snapshot', clusterId),
      owner: 'hsm-1',
    }
    const log = (level: string, fields: object) => lines.push({ ...fields, level })
    const store = await etcdStore(
      etcdOptions(endpoints, clusterId, { found: false, snapshot: { place, log } }),
    )
    return { store, lines }
  }
  /** Opens with the snapshot, and has what a node has that reads everything. */
  async function opened() {
    const { store, lines } = await open()
    const whole = await openEtcd(etcd.endpoints, clusterId)
    assert.deepEqual(contents(store.catalog), contents(whole.catalog))
    assert.deepEqual(store.root(), whole.root())
    await whole.close()
    return { store, lines }
  }
  async function isUsed(changed: number): Promise<void> {
    const { store, lines } = await opened()
    assert.deepEqual(
      lines.map(({ level, changed: read }) => ({ level, changed: read })),
      [{ level: 'info', changed }],
    )
    await store.close()
  }
  async function isNotUsed(why: RegExp): Promise<void> {
    const { store, lines } = await opened()
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn'],
    )
    assert.match(String(lines[0]?.['why']), why)
    await store.close()
  }
  const byHand = async (...operations: Operation[]) => {
    const answer = await admin.ask(KV.method.txn, { success: operations })
    assert.ok('value' in answer)
  }
  const standing = async (key: Uint8Array) => {
    const answer = await admin.ask(KV.method.range, { key })
    const found = 'value' in answer ? answer.value.kvs[0]?.value : undefined
    assert.ok(found)
    return found
  }
  const changeOne = (number: number, label: string) => write(other, ...puts(sampleKey(number, { label })))

  it('is used when nothing has happened since, and when something has', async () => {
    await isUsed(0)
    await changeOne(1, 'changed')
    await changeOne(2, 'changed')
    await write(other, { delete: `key/${reference(3)}` }, ...puts(sampleKey(5000)))
    await isUsed(4)
    await isUsed(0)
  })

  it('leads to what etcd has, after any history', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            keys: fc.uniqueArray(fc.integer({ min: 1, max: KEYS + 20 }), { maxLength: 4 }),
            gone: fc.uniqueArray(fc.integer({ min: 1, max: KEYS + 20 }), { maxLength: 2 }),
            label: fc.string({ maxLength: 5 }),
          }),
          { maxLength: 6 },
        ),
        fc.boolean(),
        async (steps, stopped) => {
          const older = readFileSync(path())
          for (const { keys, gone, label } of steps) {
            await write(
              other,
              ...puts(...keys.map((key) => sampleKey(key, { label }))),
              ...gone.map((key) => ({ delete: `key/${reference(key)}` as const })),
            )
          }
          const { store, lines } = await opened()
          assert.deepEqual(
            lines.map(({ level }) => level),
            ['info'],
          )
          await store.close()
          if (!stopped) writeFileSync(path(), older)
        },
      ),
      { numRuns: 10 },
    ))

  it('makes a start read what has changed since, not what there is', async () => {
    const counted = await countBytes(etcd.endpoints[0] ?? '')
    const bytesOfStart = async () => {
      const before = counted.bytes()
      const { store } = await open([`http://127.0.0.1:${counted.port}`])
      const bytes = counted.bytes() - before
      await store.close()
      return bytes
    }
    const none = await bytesOfStart()
    for (let number = 1; number <= 10; number++) await changeOne(number, 'changed')
    const ten = await bytesOfStart()
    rmSync(path())
    const all = await bytesOfStart()
    await counted.close()
    assert.ok(none * 20 < all, `${none} of ${all}`)
    assert.ok(ten - none < 10 * 4096, `${ten} and ${none}`)
    assert.ok(ten - none > 10 * 500, `${ten} and ${none}`)
  })

  it('is used when etcd has forgotten what came before and nothing was committed since, and not when something was', async () => {
    await byHand(putAt(Buffer.from('/another/program'), Buffer.of(1)))
    await compact(etcd)
    await isUsed(0)
    await changeOne(1, 'changed')
    await compact(etcd)
    await isNotUsed(/^etcd does not keep what came after it any more$/)
    await isUsed(0)
  })

  it('does not hide what was changed by hand', async () => {
    const keys = createKeys(clusterId)
    const older = await standing(keys.record('user/user-1'))
    await write(other, ...puts(sampleUser(1, { username: 'renamed' })))
    await (await open()).store.close()
    await other.close()
    const whole = await standing(keys.record('user/user-1'))
    const cases: readonly (readonly [Operation, Operation])[] = [
      [remove(keys.record('user/user-1')), putAt(keys.record('user/user-1'), whole)],
      [putAt(keys.record('user/user-1'), older), putAt(keys.record('user/user-1'), whole)],
      [putAt(keys.record('user/user-9'), whole), remove(keys.record('user/user-9'))],
    ]
    for (const [spoil, mend] of cases) {
      await byHand(spoil)
      const without = await openEtcd(etcd.endpoints, clusterId).then(
        () => assert.fail('it was opened'),
        (error: Error) => error.message,
      )
      // It begins, and notices at once, or does not begin: as soon as it would notice while it runs.
      const seen = await open().then(
        async ({ store }) => {
          await until('the watch tells', () => store.replicaState().state === 'failed')
          const replica = store.replicaState()
          await store.close()
          return replica.state === 'failed' ? replica.error.message : ''
        },
        (error: Error) => error.message,
      )
      assert.ok(seen === without || /changed by hand/.test(seen), seen)
      await assert.rejects(open(), { code: 'store-damaged', message: without })
      await byHand(mend)
      await (await open()).store.close()
    }
    other = await openEtcd(etcd.endpoints, clusterId)
  })

  it('is not used when it was put beside another history', async () => {
    const whole = readFileSync(path())
    const first = clusterId
    const keys = createKeys(first)
    const root = await standing(keys.root)
    const key = await standing(keys.record(`key/${reference(1)}`))
    await changeOne(1, 'that was lost')
    await (await open()).store.close()
    const newer = readFileSync(path())
    await other.close()
    await byHand(putAt(keys.root, root), putAt(keys.record(`key/${reference(1)}`), key))
    writeFileSync(path(), newer)
    await isNotUsed(/^(it is newer than the store|the store in etcd has another history)$/)
    other = await openEtcd(etcd.endpoints, clusterId)
    await changeOne(1, 'another')
    await changeOne(2, 'another')
    writeFileSync(path(), newer)
    await isNotUsed(/^The store in etcd was changed by hand|another history/)
    writeFileSync(path(), whole)
    await isNotUsed(/^The store in etcd was changed by hand|another history/)
  })
})

const write = (store: EtcdStore, ...writes: readonly Write[]) =>
  store.transact(() => ({ writes, audit: [], result: undefined }))
const puts = (...records: readonly StoredRecord[]): readonly Write[] =>
  records.map((record) => sampleWrite(record))

/** A way to etcd that counts what comes back. */
async function countBytes(endpoint: string) {
  const { hostname, port } = new URL(endpoint)
  let bytes = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    upstream.on('data', (some) => {
      bytes += some.length
    })
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  return {
    port: address.port,
    bytes: () => bytes,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
