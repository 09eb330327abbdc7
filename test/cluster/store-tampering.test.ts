/** Whoever may write to etcd can neither change the state of the cluster nor pass an old one off as new. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { createSealer } from '../../src/crypto/seal.ts'
import { recordKey } from '../../src/model/records.ts'
import { createEtcdClient, type EtcdClient } from '../../src/store/etcd/client.ts'
import { type EtcdStore, etcdMasterKeyCheck, etcdStore } from '../../src/store/etcd/etcd-store.ts'
import { createKeys, type Keys } from '../../src/store/etcd/keys.ts'
import { type Operation, put as putAt, remove } from '../../src/store/etcd/requests.ts'
import { KV } from '../../src/store/etcd/rpc_pb.ts'
import { etcdOptions, newClusterId, openEtcd } from '../contract/store-etcd.ts'
import { contents, logged, put, sampleKey, sampleLogin, sampleUser } from '../contract/store-samples.ts'
import { type EtcdCluster, startEtcd } from '../support/etcd.ts'

describe('an administrator of etcd', () => {
  let etcd: EtcdCluster
  let admin: EtcdClient
  let clusterId: string
  let keys: Keys
  let store: EtcdStore
  before(async () => {
    etcd = await startEtcd()
    admin = createEtcdClient({ endpoints: etcd.endpoints })
  })
  after(async () => {
    admin.close()
    await etcd.stop()
  })
  beforeEach(async () => {
    clusterId = newClusterId()
    keys = createKeys(clusterId)
    store = await openEtcd(etcd.endpoints, clusterId)
    await store.transact(() => put(sampleUser(1), sampleUser(2), sampleKey(1)))
  })
  afterEach(() => store.close())

  const read = async (key: Uint8Array): Promise<Uint8Array> => {
    const answer = await admin.ask(KV.method.range, { key })
    const found = 'value' in answer ? answer.value.kvs[0] : undefined
    assert.ok(found)
    return found.value
  }
  const write = async (...operations: Operation[]): Promise<void> => {
    const answer = await admin.ask(KV.method.txn, { success: operations })
    assert.ok('value' in answer)
  }
  const failed = () =>
    new Promise<Error>((resolve) => {
      store.subscribeReplicaState((replica) => replica.state === 'failed' && resolve(replica.error))
    })
  /** Noticed by the node that runs, which has not changed, and by one that opens the store. */
  const isNoticed = async (operations: Operation[], live: RegExp, opening: RegExp): Promise<void> => {
    const before = contents(store.catalog)
    const failure = failed()
    await write(...operations)
    assert.match((await failure).message, live)
    assert.deepEqual(contents(store.catalog), before)
    const refusal = { code: 'store-damaged', message: live }
    await assert.rejects(
      store.transact(() => put(sampleUser(9))),
      refusal,
    )
    await assert.rejects(store.appliedAtLeast(Number.MAX_SAFE_INTEGER), refusal)
    await assert.rejects(store.newestCommit(), refusal)
    await assert.rejects(store.audit('hsm-1', 0, 1), refusal)
    await assert.rejects(openEtcd(etcd.endpoints, clusterId), { code: 'store-damaged', message: opening })
  }
  const record = (id: string) => keys.record(id)

  it('cannot change a byte of a record', async () => {
    const bytes = Uint8Array.from(await read(record('user/user-1')))
    bytes[40] = (bytes[40] ?? 0) ^ 1
    await isNoticed(
      [putAt(record('user/user-1'), bytes)],
      /changed by hand: record user\/user-1 was changed$/,
      /^Record user\/user-1 is damaged/,
    )
  })

  it('cannot delete a record', () =>
    isNoticed(
      [remove(record('key/0x0000000000000001'))],
      /record key\/0x0000000000000001 was changed$/,
      /records are missing \(1\)/,
    ))

  it('cannot put back an older record', async () => {
    const older = await read(record('user/user-1'))
    await store.transact(() => put(sampleUser(1, { wrongPasswords: 3 })))
    await isNoticed(
      [putAt(record('user/user-1'), older)],
      /record user\/user-1 was changed$/,
      /a record is older than it should be/,
    )
  })

  it('cannot put back a record that was deleted', async () => {
    const older = await read(record('user/user-1'))
    await store.transact(() => ({ ...put(), writes: [{ delete: 'user/user-1' }] }))
    await isNoticed(
      [putAt(record('user/user-1'), older)],
      /record user\/user-1 was changed$/,
      /record user\/user-1 was deleted and has been put back/,
    )
  })

  it('cannot put back a login that has ended', async () => {
    await store.transact(() => put(sampleLogin(1)))
    const login = record(recordKey(sampleLogin(1)))
    const older = await read(login)
    await store.transact(() => ({ ...put(), writes: [{ delete: recordKey(sampleLogin(1)) }] }))
    await isNoticed(
      [putAt(login, older)],
      /record login\/0000000000000001 was changed$/,
      /record login\/0000000000000001 was deleted and has been put back/,
    )
  })

  it('cannot make a login of another one', async () => {
    await store.transact(() => put(sampleLogin(1)))
    await isNoticed(
      [putAt(record(recordKey(sampleLogin(2))), await read(record(recordKey(sampleLogin(1)))))],
      /record login\/0000000000000002 was changed$/,
      /^Record login\/0000000000000002 is damaged/,
    )
  })

  for (const [what, bytes] of [
    ['nothing', 0],
    ['garbage', 100],
    ['garbage of the largest size', 1_400_000],
  ] as const) {
    it(`cannot put ${what} for a login`, () =>
      isNoticed(
        [putAt(record('login/0000000000000001'), Buffer.alloc(bytes, 1))],
        /record login\/0000000000000001 was changed$/,
        /^Record login\/0000000000000001 is damaged/,
      ))
  }

  it('cannot have more read than an HSM writes', async () => {
    await store.close()
    for (let at = 0; at < 60; at++) await write(putAt(record(`login/${at}`), Buffer.alloc(1_400_000, 1)))
    await assert.rejects(openEtcd(etcd.endpoints, clusterId), {
      code: 'store-failure',
      message: 'etcd answered with more than an HSM writes; something else stands among its records',
    })
  })

  it('cannot have everything kept in memory that there ever was', async () => {
    const logins = Array.from({ length: 1100 }, (_, at) => sampleLogin(at + 1))
    const parts = Array.from({ length: 11 }, (_, part) => logins.slice(part * 100, part * 100 + 100))
    for (const part of parts) await store.transact(() => put(...part))
    const range = { key: record('login/'), rangeEnd: record('login0') }
    const answer = await admin.ask(KV.method.range, range)
    assert.ok('value' in answer)
    for (const part of parts) {
      await store.transact(() => ({ ...put(), writes: part.map((login) => ({ delete: recordKey(login) })) }))
    }
    await store.close()
    const older = answer.value.kvs.map(({ key, value }) => putAt(key, value))
    assert.equal(older.length, 1100)
    for (let at = 0; at < older.length; at += 100) await write(...older.slice(at, at + 100))
    await assert.rejects(openEtcd(etcd.endpoints, clusterId), {
      code: 'store-damaged',
      message: 'The store is damaged: records were put back from an older copy (1001)',
    })
  })

  it('cannot swap two records', async () => {
    const [one, two] = [await read(record('user/user-1')), await read(record('user/user-2'))]
    await isNoticed(
      [putAt(record('user/user-1'), two), putAt(record('user/user-2'), one)],
      /record user\/user-1 was changed$/,
      /^Record user\/user-1 is damaged/,
    )
  })

  it('cannot put the root back, with the records of its time or without', async () => {
    const [root, user] = [await read(keys.root), await read(record('user/user-1'))]
    await store.transact(() => put(sampleUser(1, { wrongPasswords: 3 })))
    const failure = failed()
    await write(putAt(keys.root, root), putAt(record('user/user-1'), user))
    assert.match((await failure).message, /the root record was put back from an older copy/)
  })

  it('cannot put the root alone back', async () => {
    const root = await read(keys.root)
    await store.transact(() => put(sampleUser(1, { wrongPasswords: 3 })))
    await isNoticed(
      [putAt(keys.root, root)],
      /the root record was put back from an older copy/,
      /Record user\/user-1 is newer than the root record/,
    )
  })

  it('cannot write the newest root again to cover a change', async () => {
    const [root, user] = [await read(keys.root), await read(record('user/user-2'))]
    await isNoticed(
      [putAt(keys.root, root), putAt(record('user/user-1'), user)],
      /the root record was put back from an older copy/,
      /^Record user\/user-1 is damaged/,
    )
  })

  it('cannot delete the root', () =>
    isNoticed([remove(keys.root)], /the root record was deleted/, /^The root record is missing$/))

  it('cannot make the store vanish for a node that knows of it', async () => {
    await store.close()
    await write(
      remove(keys.root),
      ...['user/user-1', 'user/user-2', 'key/0x0000000000000001'].map((id) => remove(record(id))),
    )
    await assert.rejects(etcdStore(etcdOptions(etcd.endpoints, clusterId, { found: false })), {
      code: 'store-damaged',
      message: 'There is no store of this cluster in etcd',
    })
  })

  it('cannot speak for a node', async () => {
    const { lease } = await store.grantLease(60)
    const revision = await store.put('node/hsm-1', '{"boot":1}', lease, 0)
    const registration = await read(keys.member('node/hsm-1'))
    await store.appliedAtLeast(revision ?? 0)
    await isNoticed(
      [putAt(keys.member('ack/hsm-1'), registration)],
      /^The entry ack\/hsm-1 is damaged/,
      /^The entry ack\/hsm-1 is damaged/,
    )
  })

  it('cannot change, move or remove an entry of an audit log unnoticed', async () => {
    for (const operation of ['login', 'key.share', 'logout']) {
      await store.transact((view) => logged(view, 'hsm-1', operation))
    }
    const entry = (sequence: number) => keys.entry('hsm-1', sequence)
    await write(putAt(entry(1), await read(entry(2))))
    await assert.rejects(store.audit('hsm-1', 0, 10), { message: /^Audit entry hsm-1\/1 is damaged/ })
    await write(remove(entry(1)))
    await assert.rejects(store.audit('hsm-1', 0, 10), { message: 'Audit entry hsm-1/1 is missing' })
    assert.equal((await store.audit('hsm-1', 2, 1)).length, 1)
    await store.transact((view) => logged(view, 'hsm-1', 'logout'))
  })

  it('reads no name and no grant', async () => {
    const everything = await admin.ask(KV.method.range, {
      key: keys.everything.from,
      rangeEnd: keys.everything.to,
    })
    assert.ok('value' in everything)
    const bytes = Buffer.concat(everything.value.kvs.map(({ value }) => value)).toString('latin1')
    for (const secret of ['name_1', 'crypto-user', 'label 1', clusterId]) assert.ok(!bytes.includes(secret))
  })

  it('leaves nothing to be opened under another master key', async () => {
    const other = createSealer(Buffer.alloc(32, 1), 'records', clusterId)
    const options = etcdOptions(etcd.endpoints, clusterId, {
      sealer: other,
      masterKeyCheck: '0123456789abcdef',
    })
    await assert.rejects(etcdStore(options), {
      code: 'store-damaged',
      message: 'The store in etcd was sealed under another master key',
    })
    const { masterKeyCheck } = etcdOptions(etcd.endpoints, clusterId)
    assert.equal(await etcdMasterKeyCheck({ endpoints: etcd.endpoints }, clusterId), masterKeyCheck)
    assert.equal(await etcdMasterKeyCheck({ endpoints: etcd.endpoints }, 'cluster-none'), undefined)
  })
})
