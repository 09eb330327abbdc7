/** What refusals are about is recorded with them, as far as it can be told. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { LIMITS } from '../../../../src/contract/limits.ts'
import { OPERATIONS, type Operation, type OperationName } from '../../../../src/contract/operations.ts'
import type { AuditEntry } from '../../../../src/model/audit.ts'
import { memoryStore } from '../../../../src/store/memory.ts'
import { backupOf, cloneFrom } from '../../../support/backups.ts'
import { inClone } from '../../../support/clones.ts'
import { testEngine } from '../../../support/engine.ts'
import { createWorld, PASSWORD, type Person } from '../../../support/world.ts'
import { CASES } from './cases.ts'
import { meansOf, ROLE } from './means.ts'

const HSM = 'hsm-test2345abc'

async function start() {
  const store = memoryStore()
  const engine = await testEngine({ store })
  const world = await createWorld(engine)
  const newest = async () => (await store.audit(HSM, 0, 100_000)).at(-1) as AuditEntry
  /** Of the entry that a refusal leaves. */
  const subjectsOf = async (by: Person, operation: OperationName, request: object) => {
    const before = (await newest()).sequence
    await assert.rejects(world.hsm.call(operation, request as never, world.token(by)))
    const { sequence, subjects } = await newest()
    assert.equal(sequence, before + 1)
    return subjects
  }
  /** How many entries the operation has of each outcome. */
  const outcomesOf = async (operation: OperationName) => {
    const counts: Record<string, number> = {}
    for (const entry of await store.audit(HSM, 0, 100_000)) {
      if (entry.operation === operation) counts[entry.outcome] = (counts[entry.outcome] ?? 0) + 1
    }
    return counts
  }
  return { engine, world, subjectsOf, outcomesOf }
}

/** What the request names, as the entry should have it. */
function namedBy({ names = {}, keys = {}, several }: Operation, request: Readonly<Record<string, unknown>>) {
  const values = (member: string) => [request[member] ?? []].flat().map(String)
  const selecting = [...Object.keys(keys), ...(several === undefined ? [] : ['keys'])]
  return [
    ...Object.entries(names).flatMap(([member, kind]) => values(member).map((name) => `${kind}/${name}`)),
    ...selecting.flatMap((member) =>
      values(member).map((word) => `key/${word.replace('key-reference=', '')}`),
    ),
  ]
}

const TOLD = Object.entries<Operation>(OPERATIONS).filter(
  ([, { audit, names, keys, several }]) =>
    (names ?? keys ?? several) && (audit === 'management' || audit === 'refusals'),
)

suite('a malformed request', () => {
  for (const [name, row] of TOLD) {
    const operation = name as OperationName
    test(`${operation}: what it names is recorded as far as it is well formed`, async () => {
      const { engine, world, subjectsOf } = await start()
      const { engine: restored } = await cloneFrom(
        await backupOf(engine, world.token('admin')),
        'cluster-clone',
      )
      const means = await meansOf(world, await inClone(restored, ['admin', 'alice', 'bob']))
      const { request } = await CASES[operation](means)
      const by = row.access === 'admin' ? 'admin' : 'alice'
      const named = namedBy(row, request as Readonly<Record<string, unknown>>)
      assert.deepEqual(await subjectsOf(by, operation, { ...request, 'no-such-member': 1 }), named)

      for (const member of Object.keys({ ...row.names, ...row.keys })) {
        const broken = { ...request, [member]: [['x'], { x: 1 }] }
        const others = namedBy(row, { ...request, [member]: undefined })
        assert.deepEqual(await subjectsOf(by, operation, broken), others, `broken ${member}`)
      }
    })
  }

  test('with half a character in a name has no such name', async () => {
    const { subjectsOf } = await start()
    assert.deepEqual(await subjectsOf('alice', 'certificate.delete', { reference: 'a\ud800' }), [])
    assert.deepEqual(await subjectsOf('alice', 'certificate.delete', { reference: 'a' }), ['certificate/a'])
  })

  test('that is none at all is about nothing', async () => {
    const { subjectsOf } = await start()
    for (const request of [null, 1, 'username', [], Object.create({ username: 'bob' })])
      assert.deepEqual(await subjectsOf('admin', 'user.delete', request), [])
  })
})

test('a request about several keys that is refused as a whole has the keys that it named', async () => {
  const { world, subjectsOf } = await start()
  const wanted = { keys: ['0x1000', '4097'], filter: [], usernames: ['ghost'], role: ROLE }
  const keys = ['key/0x0000000000001000', 'key/0x0000000000001001']
  assert.deepEqual(await subjectsOf('alice', 'key.share-many', wanted), ['user/ghost', ...keys])
  assert.deepEqual(await subjectsOf('alice', 'key.share-many', { ...wanted, role: 'none' }), [
    'user/ghost',
    ...keys,
  ])
  const { outcomes } = await world.as('alice', 'key.share-many', {
    ...wanted,
    usernames: ['bob'],
    role: ROLE,
  })
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ['not-selected', 'not-selected'],
  )
})

suite('what was committed and has no result after all is recorded as both', () => {
  test('a backup that finds no place', async () => {
    const { engine, outcomesOf } = await start()
    const account = { username: 'admin', role: 'admin', password: PASSWORD } as const
    const sessions: string[] = []
    for (let at = 0; at < LIMITS.backups + 2; at++) {
      sessions.push((await engine.call('session.login', account)).token)
    }
    const begun = await Promise.allSettled(sessions.map((token) => engine.call('backup.begin', {}, token)))
    assert.equal(begun.filter(({ status }) => status === 'rejected').length, 2)
    assert.deepEqual(await outcomesOf('backup.begin'), { ok: begun.length, busy: 2 })
  })

  test('a login that has gone on elsewhere when its session is to be opened', async () => {
    const { engine, outcomesOf } = await start()
    const account = { username: 'alice', role: ROLE, password: PASSWORD, resumable: true } as const
    const { credential = '' } = await engine.call('session.login', account)
    const tries = Array.from({ length: 3 }, () => engine.call('session.resume', { credential }))
    const resumed = await Promise.allSettled(tries)
    assert.equal(resumed.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.deepEqual(await outcomesOf('session.resume'), { ok: 3, 'not-logged-in': 2 })
  })
})
