/** What whoever carries a parcel from one cluster to its clone cannot do, nor whoever has keys of looser rules. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import { createSealer } from '../../../src/crypto/seal.ts'
import { openLineage } from '../../../src/crypto/sealed-fields.ts'
import { FORMAT, written } from '../../../src/model/formats.ts'
import { type ClusterRecord, type KeyRecord, recordKey } from '../../../src/model/records.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import { clones, deleteKey, replicateKey, verbose } from '../../support/clones.ts'
import { CLUSTER_ID, MASTER_KEY, testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, makeAes, makePair, reference, type World } from '../../support/world.ts'

suite('whoever carries a parcel', () => {
  let a: World
  let b: World
  let now = 0
  before(async () => {
    ;({ a, b } = await clones({ monotonic: () => now }))
  })

  const parcelFor = async (key: string) => {
    const { challenge } = await b.as('alice', 'replica.challenge', {})
    const { parcel } = await a.as('alice', 'key.export-replica', { filter: reference(key), challenge })
    return { challenge, parcel }
  }
  const gone = fails('challenge-not-found')

  test('cannot deliver it twice: what was taken back since stays so', async () => {
    const key = await makeAes(a, 'alice', 'twice')
    const request = await parcelFor(key)
    await b.as('alice', 'key.import-replica', request)
    await deleteKey(b, key)
    await assert.rejects(b.as('alice', 'key.import-replica', request), gone)
    assert.equal(await verbose(b, 'alice', key), undefined)
    const { challenge } = await b.as('alice', 'replica.challenge', {})
    const mixed = { challenge, parcel: request.parcel }
    await assert.rejects(b.as('alice', 'key.import-replica', mixed), fails('not-clones'))
  })

  test('cannot deliver it in another session, in another cluster, or too late', async () => {
    const key = await makeAes(a, 'alice', 'elsewhere')
    const request = await parcelFor(key)
    const other = await b.login('alice')
    await assert.rejects(b.hsm.call('key.import-replica', request, other), gone)
    await assert.rejects(a.as('alice', 'key.import-replica', request), gone)
    now += LIMITS.challengeMs + 1
    await assert.rejects(b.as('alice', 'key.import-replica', request), gone)
  })

  test('cannot change it, nor make one of another kind of it', async () => {
    const key = await makeAes(a, 'alice', 'changed')
    for (const at of [0, 20, -1]) {
      const { challenge, parcel } = await parcelFor(key)
      const bytes = Buffer.from(parcel)
      bytes[at < 0 ? bytes.length + at : at] = (bytes.at(at) ?? 0) ^ 1
      const changed = { challenge, parcel: bytes }
      await assert.rejects(b.as('alice', 'key.import-replica', changed), fails('not-clones'))
    }
    const { challenge } = await b.as('admin', 'replica.challenge', {})
    const { parcel } = await a.as('admin', 'key.export-replica', { filter: reference(key), challenge })
    await assert.rejects(b.as('admin', 'user.import-replica', { challenge, parcel }), fails('not-clones'))
    const fake = {
      challenge: Buffer.concat([Buffer.alloc(3), challenge.subarray(3)]),
      filter: reference(key),
    }
    await assert.rejects(a.as('alice', 'key.export-replica', fake), fails('not-clones'))
    assert.equal(await verbose(b, 'alice', key), undefined)
  })

  test('finds neither the key nor its attributes in it', async () => {
    const { parcel } = await parcelFor(await makeAes(a, 'alice', 'nobody reads this'))
    assert.doesNotMatch(Buffer.from(parcel).toString('latin1'), /nobody|alice|secret-key/)
  })

  test('can ask for challenges without end, and has the latest ones', async () => {
    const key = await makeAes(a, 'alice', 'flood')
    const first = await parcelFor(key)
    for (let more = 0; more < LIMITS.challengesPerSession; more++)
      await b.as('alice', 'replica.challenge', {})
    await assert.rejects(b.as('alice', 'key.import-replica', first), gone)
    await b.as('alice', 'key.import-replica', await parcelFor(key))
  })
})

suite('under the policy trusted-wrapping', () => {
  const apply = (world: World) => world.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
  const wrapping = async (world: World, label: string) => {
    const attributes = {
      wrap: true,
      unwrap: true,
      encrypt: false,
      decrypt: false,
      sign: false,
      verify: false,
    }
    const request = { 'key-type': 'aes', 'key-length-bytes': 32, label, attributes } as const
    return (await world.as('alice', 'key.generate-symmetric', request)).key['key-reference']
  }
  const notHonoured = async (world: World) =>
    (await world.as('admin', 'policy.show', {}))['keys-not-honoured']

  test('keys go only where the policy is, and come only from there', async () => {
    const { a, b } = await clones()
    const old = await wrapping(a, 'from before')
    await apply(a)
    const key = await wrapping(a, 'of the policy')
    const leaving = fails(
      'attribute-refused',
      /can only be replicated to a cluster that has the policy, too$/,
    )
    await assert.rejects(replicateKey(a, b, 'alice', key), leaving)
    const loose = await wrapping(b, 'of no policy')
    const arriving = fails('attribute-refused', /can only be replicated that was made under the policy/)
    await assert.rejects(replicateKey(b, a, 'alice', loose), arriving)
    await apply(b)
    await assert.rejects(replicateKey(b, a, 'alice', loose), arriving)
    await assert.rejects(replicateKey(a, b, 'alice', old), arriving)
    await replicateKey(a, b, 'alice', key)
    const trusted = { filter: reference(key), attributes: { trusted: true } }
    await b.as('admin', 'key.set-attribute', trusted)
    assert.deepEqual(await notHonoured(b), [])
  })

  test('a key that went through a cluster without it is not honoured', async () => {
    const { a, b } = await clones()
    const loose = await wrapping(a, 'loose')
    await replicateKey(a, b, 'alice', loose)
    const trusted = { filter: reference(loose), attributes: { trusted: true } }
    await b.as('admin', 'key.set-attribute', trusted)
    await apply(b)
    assert.deepEqual(await notHonoured(b), [loose])
  })
})

suite('whoever has the secret of the clones', () => {
  test('is still not believed everything', async () => {
    const store = memoryStore()
    const world = await createWorld(await testEngine({ store }))
    const key = store.catalog.key(await makeAes(world, 'alice', 'base'))
    const user = store.catalog.userByName('alice')
    assert.ok(key && user)
    const wholeKey = async (id: string) => {
      const key = store.catalog.key(id)
      assert.ok(key)
      return written({ ...key, material: await store.material(recordKey(key)) }, FORMAT)
    }
    const secret = openLineage(createSealer(MASTER_KEY, 'material', CLUSTER_ID), clusterIn(store))
    const sealer = createSealer(secret, 'parcel', 'lineage')
    const forge = async (kind: 'key' | 'user', content: object) => {
      const { challenge } = await world.as('admin', 'replica.challenge', {})
      const { nonce } = JSON.parse(sealer.open(challenge, 'challenge').toString())
      const source = { clusterId: 'cluster-made-up', trustedWrapping: true }
      const text = JSON.stringify({ source, ...content })
      const parcel = sealer.seal(Buffer.from(text), `${kind}/${nonce}`)
      return world.as('admin', `${kind}.import-replica`, { challenge, parcel })
    }
    const keys: readonly Partial<KeyRecord>[] = [
      { id: '0x1' },
      { id: '0xzzzzzzzzzzzzzzzz' },
      { id: 'self' },
      { flags: { ...key.flags, token: false } },
      { sharedWith: [key.owner] },
      { keyType: 'nothing' as never },
    ]
    for (const changes of keys) {
      const forged = { ...(await wholeKey(key.id)), ...changes }
      await assert.rejects(forge('key', { key: forged, holders: [] }), fails('not-clones'))
    }
    const users = [
      { id: 'self' },
      { username: 'Two Words' },
      { role: 'internal(APPLIANCE_USER)' },
      { kind: 'key' },
    ]
    for (const changes of users) {
      await assert.rejects(forge('user', { user: { ...user, ...changes } }), fails('not-clones'))
    }
    await assert.rejects(
      forge('user', { user: { ...user, version: FORMAT + 1 } }),
      fails(
        'not-clones',
        /^The record was written by a newer version of Strongroom, in format \d, .*; upgrade this HSM$/,
      ),
    )
    assert.equal(store.catalog.keyCount(), 1)
    // What a later version has added and may be ignored is kept.
    const { pub } = await makePair(world, 'alice', { label: 'pair' })
    const added = { ...(await wholeKey(pub)), id: '0x0000000900001000', version: FORMAT, later: [1] }
    await forge('key', { key: added, holders: [] })
    assert.deepEqual(Object.entries(store.catalog.key(added.id) ?? {}).at(-1), ['later', [1]])
  })
})

function clusterIn(store: Store): ClusterRecord {
  const cluster = store.catalog.cluster()
  assert.ok(cluster)
  return cluster
}
