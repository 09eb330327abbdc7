import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { Reply, Request } from '../../../src/contract/operations.ts'
import { fails } from '../../support/errors.ts'
import {
  byLabel,
  createWorld,
  makeAes,
  makePair,
  type Person,
  reference,
  type World,
} from '../../support/world.ts'

const short = ({ outcomes }: Reply<'key.share-many'>) =>
  outcomes.map((outcome) => ('code' in outcome ? outcome.code : outcome.outcome))

/** Changes of several keys at once: each is decided on by itself. */
export function severalKeysContract(open: () => Promise<Hsm>): void {
  let world: World
  let [own, shared, lasting, foreign, brief] = ['', '', '', '', '']
  before(async () => {
    world = await createWorld(await open())
    own = await makeAes(world, 'alice', 'own')
    shared = await makeAes(world, 'alice', 'shared')
    lasting = await makeAes(world, 'alice', 'lasting')
    foreign = (await makePair(world, 'bob', { label: 'foreign' })).pub
    brief = (await makePair(world, 'alice', { label: 'brief', session: true })).priv
    await share('alice', { keys: [shared] })
    const attributes = { destroyable: false }
    await world.as('alice', 'key.set-attribute', { filter: reference(lasting), attributes })
  })
  type More = Omit<Request<'key.delete-many'>, 'filter'> & { filter?: string[] }
  const share = (who: Person, more: More, username = 'bob', role: 'admin' | 'crypto-user' = 'crypto-user') =>
    world.as(who, 'key.share-many', { filter: [], usernames: [username], role, ...more })
  const unshare = (more: More) =>
    world.as('alice', 'key.unshare-many', { filter: [], usernames: ['bob'], role: 'crypto-user', ...more })
  const remove = (more: More) => world.as('alice', 'key.delete-many', { filter: [], ...more })
  const count = async (who: Person, filter: string[] = []) =>
    (await world.as(who, 'key.list', { filter })).total_key_count
  const newestAudit = async (many: number) =>
    (await world.as('admin', 'audit.list', { count: 1000 })).entries
      .slice(-many)
      .map(({ operation, outcome, subjects }) => [operation, outcome, ...subjects])

  suite('several keys at once', () => {
    test('a trial run answers as the run does, changes nothing and is not logged', async () => {
      const keys = [own, shared, foreign, brief, lasting, '0xdead']
      const [seen, log] = [await count('bob'), await newestAudit(1000)]
      const trial = await share('alice', { keys, 'dry-run': true })
      assert.deepEqual(short(trial), [
        'done',
        'already-shared',
        'not-owner',
        'session-key',
        'done',
        'not-selected',
      ])
      assert.deepEqual([await count('bob'), await newestAudit(1000)], [seen, log])
      assert.deepEqual(await share('alice', { keys }), trial)
      assert.equal(await count('bob'), seen + 2)
      assert.deepEqual(await newestAudit(4), [
        ['key.share', 'ok', 'user/bob', `key/${own}`, `key/${lasting}`],
        ['key.share', 'already-shared', 'user/bob', `key/${shared}`],
        ['key.share', 'not-owner', 'user/bob', `key/${foreign}`],
        ['key.share', 'session-key', 'user/bob', `key/${brief}`],
      ])
      assert.deepEqual(trial.outcomes[2], {
        'key-reference': foreign,
        outcome: 'refused',
        code: 'not-owner',
        reason: 'User does not own the key',
      })
    })

    test('keys that do not fit the criteria any more, or that nobody may know of, are left alone', async () => {
      const hidden = await makeAes(world, 'bob', 'hidden')
      const keys = [own, shared, hidden]
      assert.deepEqual(short(await unshare({ keys, 'label-glob': 's*' })), [
        'not-selected',
        'done',
        'not-selected',
      ])
      assert.deepEqual(
        short(await unshare({ keys, filter: byLabel('x') })),
        keys.map(() => 'not-selected'),
      )
      assert.deepEqual(short(await unshare({ keys, 'shared-with': 'bob' })), [
        'done',
        'not-selected',
        'not-selected',
      ])
      assert.deepEqual(short(await unshare({ keys: [own, `0x${BigInt(own).toString(16)}`] })), ['not-shared'])
    })

    test('whom nothing can be shared with is refused for all keys, even for none', async () => {
      const keys: string[] = []
      await assert.rejects(share('alice', { keys }, 'ghost'), fails('user-not-found', 'User ghost not found'))
      await assert.rejects(share('alice', { keys }, 'bob', 'admin'), fails('share-role'))
      await assert.rejects(share('admin', { keys: [own] }), fails('not-permitted'))
      await assert.rejects(unshare({ keys: [own], owner: 'ghost' }), fails('user-not-found'))
      assert.deepEqual(await share('alice', { keys }), { outcomes: [] })
    })

    test('deletes what may be deleted, session keys too', async () => {
      const keys = [own, lasting, foreign, brief]
      const expected = ['done', 'not-destroyable', 'not-owner', 'done']
      assert.deepEqual(short(await remove({ keys, 'dry-run': true })), expected)
      assert.equal(await count('alice', reference(own)), 1)
      assert.deepEqual(short(await remove({ keys })), expected)
      for (const key of [own, brief]) assert.equal(await count('alice', reference(key)), 0)
      assert.equal(await count('alice', reference(lasting)), 1)
      assert.deepEqual(short(await remove({ keys: [own] })), ['not-selected'])
    })

    test('takes as many as there can be, and no more', async () => {
      const keys = Array.from({ length: LIMITS.keysAtOnce + 1 }, (_, at) => `0x${at + 1}`)
      assert.equal((await remove({ keys: keys.slice(1) })).outcomes.length, LIMITS.keysAtOnce)
      await assert.rejects(remove({ keys }), fails('invalid-request', /^At most 64 keys/))
      await assert.rejects(
        remove({ keys: ['nope'] }),
        fails('invalid-request', 'keys must be key references'),
      )
    })
  })
}
