import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Catalog } from '../../../src/catalog/catalog.ts'
import { createCatalog } from '../../../src/catalog/memory-catalog.ts'
import {
  type KeyRecord,
  type LoginRecord,
  recordKey,
  type StoredRecord,
  type UserRecord,
  type Write,
} from '../../../src/model/records.ts'
import { reference, sampleCluster, sampleKey, sampleLogin, sampleUser } from '../../contract/store-samples.ts'

const few = fc.integer({ min: 0, max: 5 })
const userId = few.map((number) => `user-${number}`)

const key = fc
  .record({
    number: few,
    owner: userId,
    sharedWith: fc.uniqueArray(userId),
    label: fc.constantFrom('a', 'b', ''),
    idAttribute: fc.constantFrom('0x', '0x01'),
    keyClass: fc.constantFrom('secret-key', 'public-key', 'private-key'),
  })
  .map(({ number, ...changes }) => sampleKey(number, changes))

const user = fc
  .record({ number: few, username: fc.constantFrom('alice', 'bob', 'carol'), ordinal: few })
  .map(({ number, ...changes }) => sampleUser(number, changes))

const login = fc
  .record({ number: few, user: userId })
  .map(({ number, user: id }) => sampleLogin(number, { user: id }))

const record: fc.Arbitrary<StoredRecord> = fc.oneof(
  key,
  key,
  user,
  few.map(sampleCluster),
  login,
  few.map(
    (count) =>
      ({ kind: 'audit-head', id: `hsm-${count % 2}`, count, hash: '00', keyUse: undefined }) as const,
  ),
)

const write: fc.Arbitrary<Write> = fc.oneof(
  record.map((written) => ({ put: written })),
  record.map((written) => ({ delete: recordKey(written) })),
)

function checkKeys(catalog: Catalog, keys: readonly KeyRecord[]): void {
  const where = (match: (candidate: KeyRecord) => boolean) => new Set(keys.filter(match).map(({ id }) => id))
  for (const label of ['a', 'b', '', 'none']) {
    assert.deepEqual(
      catalog.keysByLabel(label),
      where((candidate) => candidate.label === label),
    )
  }
  for (const id of ['0x', '0x01', '0x02']) {
    assert.deepEqual(
      catalog.keysById(id),
      where((candidate) => candidate.idAttribute === id),
    )
  }
  for (let number = 0; number <= 6; number++) {
    const id = `user-${number}`
    assert.deepEqual(
      catalog.keysByOwner(id),
      where(({ owner }) => owner === id),
    )
    assert.deepEqual(
      catalog.keysBySharedUser(id),
      where(({ sharedWith }) => sharedWith.includes(id)),
    )
  }
  assert.deepEqual(
    catalog.publicKeys(),
    where(({ keyClass }) => keyClass === 'public-key'),
  )
  assert.equal(catalog.asymmetricKeyCount(), where(({ keyClass }) => keyClass !== 'secret-key').size)
  assert.equal(catalog.keyCount(), keys.length)
  assert.deepEqual(
    [...catalog.keys()],
    keys.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  )
}

function checkUsers(catalog: Catalog, users: readonly UserRecord[]): void {
  assert.equal(catalog.userCount(), users.length)
  assert.deepEqual(new Set(catalog.users()), new Set(users))
  const ordinals = catalog.users().map(({ ordinal }) => ordinal)
  assert.deepEqual(
    ordinals,
    ordinals.toSorted((a, b) => a - b),
  )
  for (const name of ['alice', 'bob', 'carol', 'none']) {
    const named = users.filter(({ username }) => username === name)
    const found = catalog.userByName(name)
    assert.ok(found ? named.includes(found) : named.length === 0)
  }
}

function checkLogins(catalog: Catalog, logins: readonly LoginRecord[]): void {
  assert.equal(catalog.loginCount(), logins.length)
  assert.deepEqual(new Set(catalog.logins()), new Set(logins))
  for (const one of logins) assert.equal(catalog.login(one.id), one)
  for (let number = 0; number <= 6; number++) {
    const id = `user-${number}`
    const own = logins.filter(({ user }) => user === id)
    assert.deepEqual(catalog.loginsByUser(id), new Set(own.map((one) => one.id)))
  }
}

function checkAll(catalog: Catalog, model: ReadonlyMap<string, StoredRecord>): void {
  const records = [...model.values()]
  for (const stored of records) assert.equal(catalog.get(recordKey(stored)), stored)
  checkKeys(
    catalog,
    records.filter((stored) => stored.kind === 'key'),
  )
  checkLogins(
    catalog,
    records.filter((stored) => stored.kind === 'login'),
  )
  checkUsers(
    catalog,
    records.filter((stored) => stored.kind === 'user'),
  )
  assert.equal(catalog.cluster(), model.get('cluster/self'))
  for (let number = 0; number <= 6; number++) {
    assert.equal(catalog.user(`user-${number}`), model.get(`user/user-${number}`))
    assert.equal(catalog.key(reference(number)), model.get(`key/${reference(number)}`))
  }
}

describe('catalog', () => {
  it('has every index as the records are, after any writes, and returns what each write replaced', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        const catalog = createCatalog()
        const model = new Map<string, StoredRecord>()
        for (const each of writes) {
          const at = 'put' in each ? recordKey(each.put) : each.delete
          assert.equal(catalog.apply(each), model.get(at))
          if ('put' in each) model.set(at, each.put)
          else model.delete(at)
        }
        checkAll(catalog, model)
      }),
    )
  })

  it('has every index right after each of the writes', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 12 }), (writes) => {
        const catalog = createCatalog()
        const model = new Map<string, StoredRecord>()
        for (const each of writes) {
          catalog.apply(each)
          if ('put' in each) model.set(recordKey(each.put), each.put)
          else model.delete(each.delete)
          checkAll(catalog, model)
        }
      }),
    )
  })

  it('finds the user who still has a name when another gives it up', () => {
    const catalog = createCatalog()
    catalog.apply({ put: sampleUser(1, { username: 'alice' }) })
    catalog.apply({ put: sampleUser(2, { username: 'alice' }) })
    catalog.apply({ delete: 'user/user-1' })
    assert.equal(catalog.userByName('alice')?.id, 'user-2')
  })

  it('can be walked while it changes', () => {
    const catalog = createCatalog()
    for (let number = 0; number < 10; number++) catalog.apply({ put: sampleKey(number) })
    for (const { id } of catalog.keys()) catalog.apply({ delete: `key/${id}` })
    assert.equal(catalog.keyCount(), 0)
  })
})
