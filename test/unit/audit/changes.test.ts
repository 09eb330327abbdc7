import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf } from '../../../src/audit/changes.ts'
import type { RecordKey, StoredRecord } from '../../../src/model/records.ts'
import { recordKey } from '../../../src/model/records.ts'
import { aCluster, aKey, aUser, OWNER, SHARED } from '../../support/records.ts'

const KEY = aKey({ label: 'old' })
const key = `key/${KEY.id}`
const USERS = [aUser(), aUser({ id: SHARED, username: 'shared' }), aUser({ id: 'u-new', username: 'bob' })]

const before = (...records: readonly StoredRecord[]) => {
  const all = new Map<string, StoredRecord>([...USERS, ...records].map((one) => [recordKey(one), one]))
  const user = (id: string) => USERS.find((one) => one.id === id)
  return { get: (wanted: RecordKey) => all.get(wanted), user }
}

test('an attribute that is set has its old and its new value', () => {
  const changed = aKey({ label: 'new', flags: { extractable: false } })
  assert.deepEqual(changesOf(before(KEY), [{ put: changed }]), {
    objects: [key],
    changes: [
      { of: [key], what: 'label', from: 'old', to: 'new' },
      { of: [key], what: 'extractable', from: true, to: false },
    ],
  })
})

test('users that a key is shared with and taken back from are named', () => {
  const changed = { ...KEY, sharedWith: ['u-new'] }
  assert.deepEqual(changesOf(before(KEY), [{ put: changed }]).changes, [
    { of: [key], what: 'shared-users', added: ['bob'], removed: ['shared'] },
  ])
})

test('of what is made or deleted, its label, kind and owner are there', () => {
  const telling = [
    ['label', 'old'],
    ['class', 'private-key'],
    ['key-type', 'rsa'],
    ['owner', 'owner'],
  ]
  const made = changesOf(before(), [{ put: KEY }]).changes
  assert.deepEqual(
    made.slice(0, 4).map(({ what, to }) => [what, to]),
    telling,
  )
  const deleted = changesOf(before(KEY), [{ delete: `key/${KEY.id}` }]).changes
  assert.deepEqual(
    deleted.slice(0, 4).map(({ what, from }) => [what, from]),
    telling,
  )
})

test('what is alike of many keys is said once', () => {
  const keys = Array.from({ length: 64 }, (_, at) => aKey({ id: `0x00000000000010${10 + at}` }))
  const { objects, changes } = changesOf(
    before(...keys),
    keys.map((one) => ({ put: { ...one, sharedWith: [] } })),
  )
  assert.deepEqual(changes, [{ of: objects, what: 'shared-users', removed: ['shared'] }])
  assert.equal(objects.length, 64)
})

test('more changes than fit are counted', () => {
  const keys = Array.from({ length: 2000 }, (_, at) =>
    aKey({ id: `0x000000000000${1000 + at}`, label: `${at}`.repeat(25).slice(0, 100) }),
  )
  const { changes, changesLeftOut } = changesOf(
    before(),
    keys.map((put) => ({ put })),
  )
  assert.ok(JSON.stringify(changes).length <= 66 * 1024)
  // Each label, and once for all of them class, type, owner and users.
  assert.equal(changes.length + (changesLeftOut ?? 0), keys.length + 4)
  assert.ok((changesLeftOut ?? 0) > 0)
})

test('a change that is taken back within the request is none', () => {
  const writes = [{ put: { ...KEY, label: 'x' } }, { put: KEY }]
  assert.deepEqual(changesOf(before(KEY), writes).changes, [])
})

/** Text that stands in every member that nobody may see. */
const PLANTED = 'c2VjcmV0LXBsYW50ZWQ='

/** A member of a later version, too, may be a secret. */
const later = { laterSecret: PLANTED, nested: { secret: PLANTED } }

test('no hash of a password, material, sealed secret or member that is not known is ever shown', () => {
  const secret: readonly StoredRecord[] = [
    { ...aUser({ id: 'u-new', username: 'bob', password: PLANTED, survivingSession: PLANTED }), ...later },
    { ...KEY, ...{ material: PLANTED }, checkValue: PLANTED, ...later } as unknown as StoredRecord,
    { ...aCluster({ lineage: PLANTED, state: 'INITIALIZED' }), ...later },
    {
      ...{ kind: 'certificate-authority', id: 'self', certificate: PLANTED, key: PLANTED },
      ...later,
    } as StoredRecord,
    {
      ...{ kind: 'audit-head', id: 'hsm-a', count: 1, hash: PLANTED, keyUse: undefined },
      ...later,
    } as StoredRecord,
    {
      ...{ kind: 'certificate', id: '0x1', owner: OWNER, label: 'c', idAttribute: '0x', value: PLANTED },
      ...later,
    } as StoredRecord,
  ]
  const plain: readonly StoredRecord[] = [aUser({ id: 'u-new', username: 'bob', wrongPasswords: 1 }), KEY]
  for (const [old, now] of [
    [[], secret],
    [secret, plain],
    [plain, secret],
  ] as const) {
    const seen = JSON.stringify(
      changesOf(
        before(...old),
        now.map((put) => ({ put })),
      ),
    )
    assert.equal(seen.includes(PLANTED), false, seen)
  }
  const gone = secret.map((one) => ({ delete: recordKey(one) }))
  assert.equal(JSON.stringify(changesOf(before(...secret), gone)).includes(PLANTED), false)
})
