/** Keys and users between a cluster and its clone. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { backupOf, cloneFrom } from '../../support/backups.ts'
import {
  clones,
  deleteKey,
  inClone,
  newUser,
  replicateKey,
  replicateUser,
  share,
  unshare,
  verbose,
} from '../../support/clones.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import {
  base64,
  createWorld,
  ECDSA,
  makeAes,
  makePair,
  PASSWORD,
  reference,
  sign,
  type World,
} from '../../support/world.ts'

const FAILED = 'Key replicate failed on 1 of 1 connections'

suite('between clones', () => {
  let a: World
  let b: World
  before(async () => {
    ;({ a, b } = await clones())
  })

  test('a key keeps its reference, attributes, owner and shares, and signs', async () => {
    const { priv, pub } = await makePair(a, 'alice', { label: 'pay', share: ['bob'] })
    const { key } = await replicateKey(a, b, 'alice', priv)
    await replicateKey(a, b, 'alice', pub)
    assert.deepEqual(key, await verbose(a, 'alice', priv))
    assert.deepEqual(await verbose(b, 'bob', priv), await verbose(a, 'bob', priv))
    const signature = await sign(b, 'bob', priv, 'there')
    const request = { mechanism: ECDSA, data: [base64('there')], signatures: [signature] }
    const { verified } = await a.as('alice', 'crypto.verify', { filter: reference(pub), ...request })
    assert.deepEqual(verified, [true])
  })

  test('both ways, for each cluster gives out references of its own', async () => {
    const [here, there] = [await makeAes(a, 'alice', 'here'), await makeAes(b, 'alice', 'there')]
    await replicateKey(a, b, 'alice', here)
    await replicateKey(b, a, 'alice', there)
    assert.deepEqual(await verbose(b, 'alice', here), await verbose(a, 'alice', here))
    assert.deepEqual(await verbose(a, 'alice', there), await verbose(b, 'alice', there))
    const next = Number(await makeAes(a, 'alice', 'next'))
    assert.equal(next, Number(here) + 1)
  })

  test('the same key again changes nothing; another one under its reference is refused', async () => {
    const key = await makeAes(a, 'alice', 'again')
    await share(a, key, 'bob', 'carol')
    await replicateKey(a, b, 'alice', key)
    const first = await verbose(b, 'alice', key)
    await unshare(a, key, 'bob')
    await share(a, key, 'bob')
    await replicateKey(a, b, 'alice', key)
    assert.deepEqual(await verbose(b, 'alice', key), first)
    await unshare(b, key, 'bob')
    await assert.rejects(replicateKey(a, b, 'alice', key), fails('replicate-failed', FAILED))
    await assert.rejects(sign(b, 'bob', key, 'x'), fails('key-selection'))
    await b.as('alice', 'key.set-attribute', { filter: reference(key), attributes: { label: 'other' } })
    await unshare(a, key, 'bob')
    await assert.rejects(replicateKey(a, b, 'alice', key), fails('replicate-failed', FAILED))
  })

  test('whoever the key names must be there, as the same user', async () => {
    await newUser(a, 'dora')
    await newUser(b, 'dora')
    const key = await makeAes(a, 'alice', 'for dora')
    await share(a, key, 'dora')
    const missing = fails('user-not-found', 'User dora does not exist on the destination cluster')
    await assert.rejects(replicateKey(a, b, 'alice', key), missing)
    await assert.rejects(
      replicateUser(a, b, 'dora'),
      fails('replicate-failed', /^User replicate failed on 1 of 1/),
    )
    await b.as('admin', 'user.delete', { username: 'dora', role: 'crypto-user' })
    await replicateUser(a, b, 'dora')
    await replicateUser(a, b, 'dora')
    const { key: arrived } = await replicateKey(a, b, 'alice', key)
    assert.deepEqual(arrived, await verbose(a, 'alice', key))
    await b.login('dora')
  })

  test('users who were deleted at the source stay behind', async () => {
    await newUser(a, 'emil')
    const key = await makeAes(a, 'alice', 'for emil')
    await share(a, key, 'emil')
    await a.as('admin', 'user.delete', { username: 'emil', role: 'crypto-user' })
    await replicateKey(a, b, 'alice', key)
  })

  test('a user who was deleted and comes back gets none of the old shares', async () => {
    await newUser(a, 'fred')
    await replicateUser(a, b, 'fred')
    const keys = await Promise.all([1, 2, 3].map((number) => makeAes(b, 'alice', `of fred ${number}`)))
    for (const key of keys) await share(b, key, 'fred')
    await b.as('admin', 'user.delete', { username: 'fred', role: 'crypto-user' })
    const { user } = await replicateUser(a, b, 'fred')
    assert.deepEqual([user.username, user.locked], ['fred', 'false'])
    const token = await b.login('fred')
    const { matched_keys } = await b.hsm.call('key.list', { filter: ['attr.class=secret-key'] }, token)
    assert.deepEqual(matched_keys, [])
  })

  test('owners and admins replicate, and nobody else', async () => {
    const key = await makeAes(a, 'alice', 'whose')
    await share(a, key, 'bob')
    await assert.rejects(replicateKey(a, b, 'bob', key), fails('not-owner'))
    const { challenge } = await b.as('bob', 'replica.challenge', {})
    const { parcel } = await a.as('alice', 'key.export-replica', { filter: reference(key), challenge })
    await assert.rejects(b.as('bob', 'key.import-replica', { challenge, parcel }), fails('not-owner'))
    const request = { username: 'bob', role: 'crypto-user', challenge } as const
    await assert.rejects(a.as('alice', 'user.export-replica', request), fails('not-permitted'))
    const { key: shown } = await replicateKey(a, b, 'admin', key)
    assert.deepEqual(shown, { 'key-reference': key, attributes: { label: 'whose' } })
  })

  test('session keys stay where they are', async () => {
    const { priv } = await makePair(a, 'alice', { label: 'short', session: true })
    const refused = fails('session-key', 'Session keys cannot be replicated')
    await assert.rejects(replicateKey(a, b, 'alice', priv), refused)
  })

  test('what is not the same cluster and not a clone is refused', async () => {
    const key = await makeAes(a, 'alice', 'home')
    await assert.rejects(replicateKey(a, a, 'alice', key), fails('invalid-request', /are the same cluster$/))
    const stranger = await createWorld(await testEngine())
    await assert.rejects(replicateKey(a, stranger, 'alice', key), fails('not-clones'))
    const { challenge } = await b.as('alice', 'replica.challenge', {})
    const foreign = await stranger.as('alice', 'replica.challenge', {})
    const { parcel } = await a.as('alice', 'key.export-replica', { filter: reference(key), challenge })
    const mixed = { challenge: foreign.challenge, parcel }
    await assert.rejects(b.as('alice', 'key.import-replica', mixed), fails('not-clones'))
  })

  test('what was done is in the logs of both, what was refused too', async () => {
    const key = await makeAes(a, 'alice', 'logged')
    await replicateKey(a, b, 'alice', key)
    await deleteKey(b, key)
    await makeAes(a, 'alice', 'other')
    const last = async (world: World) => {
      const { entries } = await world.as('admin', 'audit.list', { count: 1000 })
      const found = entries.findLast(({ operation }) => operation.endsWith('replica'))
      return [found?.actor, found?.operation, found?.outcome, ...(found?.subjects ?? [])]
    }
    assert.deepEqual(await last(a), [
      'alice',
      'key.export-replica',
      'ok',
      `key/${key}`,
      'cluster/cluster-clone',
    ])
    assert.deepEqual(await last(b), [
      'alice',
      'key.import-replica',
      'ok',
      `key/${key}`,
      'cluster/cluster-test2345abc',
    ])
  })

  test('the destination needs two HSMs when the check is on', async () => {
    const key = await makeAes(a, 'alice', 'one')
    const login = { username: 'alice', role: 'crypto-user', password: PASSWORD } as const
    const { token } = await b.hsm.call('session.login', { ...login, 'key-availability-check': true })
    const { challenge } = await b.hsm.call('replica.challenge', {}, token)
    const { parcel } = await a.as('alice', 'key.export-replica', { filter: reference(key), challenge })
    const request = b.hsm.call('key.import-replica', { challenge, parcel }, token)
    await assert.rejects(request, fails('key-availability'))
  })

  test('a clone of a clone is a clone of the first', async () => {
    const second = await cloneFrom(await backupOf(a.hsm, a.token('admin')), 'cluster-second')
    const inSecond = await inClone(second.engine, ['admin'])
    const c = await cloneFrom(await backupOf(second.engine, inSecond.token('admin')), 'cluster-c', {
      masterKey: second.masterKey,
    })
    const inC = await inClone(c.engine, ['alice'])
    const key = await makeAes(inC, 'alice', 'far')
    await replicateKey(inC, a, 'alice', key)
    assert.ok(await verbose(a, 'alice', key))
  })
})
