import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { OPERATIONS, type Request } from '../../../src/contract/operations.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, makeAes, makePair, type Person, reference, type World } from '../../support/world.ts'

/** What several keys are selected by, and that nobody learns of keys they do not see. */
export function keySelectionContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
    for (const label of ['pay-1', 'pay-2', 'pay*', 'tax-1']) {
      const key = await makeAes(world, 'alice', label)
      if (label === 'pay-2') continue
      await world.as('alice', 'key.share', {
        filter: reference(key),
        usernames: ['bob'],
        role: 'crypto-user',
      })
    }
    await makeAes(world, 'bob', 'pay-9')
  })
  const labels = async (who: Person, request: Omit<Request<'key.list'>, 'filter'>, filter: string[] = []) => {
    const { matched_keys, total_key_count } = await world.as(who, 'key.list', { filter, ...request })
    assert.equal(total_key_count, matched_keys.length)
    return matched_keys.map(({ attributes }) => attributes['label'])
  }

  suite('selection of several keys', () => {
    test('by a pattern of the label, by owner and by shared user, all of which must hold', async () => {
      assert.deepEqual(await labels('alice', { 'label-glob': 'pay-?' }), ['pay-1', 'pay-2'])
      assert.deepEqual(await labels('alice', { 'label-glob': 'pay\\*' }), ['pay*'])
      assert.deepEqual(await labels('alice', {}, ['attr.label=pay*']), ['pay*'])
      assert.deepEqual(await labels('bob', { owner: 'ALICE' }), ['pay-1', 'pay*', 'tax-1'])
      assert.deepEqual(await labels('bob', { owner: 'bob' }), ['pay-9'])
      assert.deepEqual(await labels('alice', { 'shared-with': 'bob' }), ['pay-1', 'pay*', 'tax-1'])
      assert.deepEqual(await labels('bob', { 'shared-with': 'bob', owner: 'bob' }), [])
      const all = { owner: 'alice', 'shared-with': 'bob', 'label-glob': '*-1' }
      assert.deepEqual(await labels('alice', all, ['attr.key-type=aes', 'attr.label=tax-1']), ['tax-1'])
    })

    test('nearest first: own keys, then shared ones, then those of others, page by page', async () => {
      const { pub, priv } = await makePair(world, 'alice', { label: 'tax-2' })
      const list = (more: Omit<Request<'key.list'>, 'filter'>) =>
        world.as('bob', 'key.list', { filter: [], 'nearest-first': true, ...more })
      const all = await list({})
      const names = all.matched_keys.map(({ attributes }) => attributes['label'])
      assert.deepEqual(names, ['pay-9', 'pay-1', 'pay*', 'tax-1', 'tax-2-public'])
      assert.deepEqual(all.standing, { own: 1, shared: 3 })
      const rest = await list({ 'max-items': 2, 'starting-token': '3' })
      assert.deepEqual(
        rest.matched_keys.map(({ attributes }) => attributes['label']),
        names.slice(3),
      )
      assert.deepEqual([rest.standing, rest.next_token], [{ own: 0, shared: 1 }, undefined])
      assert.equal((await list({ 'max-items': 1 })).next_token, '1')
      await assert.rejects(list({ 'starting-token': pub }), fails('invalid-paging'))
      const { standing, matched_keys: keys } = await world.as('bob', 'key.list', { filter: [] })
      assert.deepEqual([standing, keys.length], [undefined, 5])
      const admin = await world.as('admin', 'key.list', { filter: [], 'nearest-first': true })
      assert.deepEqual(admin.standing, { own: 0, shared: 0 })
      for (const key of [pub, priv]) await world.as('alice', 'key.delete', { filter: reference(key) })
    })

    test('whatever is not a list refuses a filter that is empty or has a gap, and does nothing', async () => {
      const only = await makeAes(world, 'carol', '')
      const gaps: readonly [unknown, RegExp][] = [
        [[], /^[a-z]+(-filter)? is empty: name the key/],
        [[''], /: a term is empty$/],
        [['attr.label='], /: attr\.label= has no value/],
        [['attr.class=secret-key', 'attr.id='], /: attr\.id= has no value/],
        [['attr.id=0x'], /: attr\.id=0x has no value/],
        [undefined, / is missing$/],
      ]
      let tried = 0
      for (const [operation, field, purpose] of selecting()) {
        const sound = operation === 'key.wrap' ? { 'payload-filter': reference(only) } : {}
        for (const [filter, why] of gaps) {
          const request = { ...sound, ...(purpose && { purpose }), [field]: filter }
          const refused = world.as('carol', operation as 'key.delete', request as never)
          await assert.rejects(refused, fails('invalid-request', why), `${operation} ${field}`)
          await assert.rejects(refused, fails('invalid-request', new RegExp(`^${field}`)))
          tried += 1
        }
      }
      assert.ok(tried > 60, `${tried}`)
      for (const operation of ['key.delete-many', 'key.share-many', 'key.unshare-many'] as const) {
        const many = { keys: [only], filter: ['attr.label='] }
        const holders = operation === 'key.delete-many' ? {} : { usernames: ['bob'], role: 'crypto-user' }
        const refused = world.as('carol', operation, { ...many, ...holders } as never)
        await assert.rejects(refused, fails('invalid-request', /has no value/), operation)
      }
      await assert.rejects(
        labels('carol', { 'label-glob': '' }),
        fails('invalid-request', /^label-glob is empty/),
      )
      assert.deepEqual(await labels('carol', {}, ['attr.label=', 'attr.id=']), [''])
      await world.as('carol', 'key.delete', { filter: reference(only) })
    })

    test('finds only what is there to see', async () => {
      assert.deepEqual(await labels('alice', { owner: 'bob' }), [])
      assert.deepEqual(await labels('carol', { owner: 'alice', 'shared-with': 'bob' }), [])
      assert.deepEqual(await labels('carol', { 'label-glob': '*' }), [])
      assert.deepEqual(await labels('admin', { 'label-glob': 'pay-*' }), ['pay-1', 'pay-2', 'pay-9'])
      for (const request of [{ owner: 'alice' }, { 'shared-with': 'bob' }]) {
        await assert.rejects(
          labels('admin', request),
          fails('not-permitted', /^Only a crypto-user can select/),
        )
      }
    })

    test('finds a key once, however many reasons there are to see it', async () => {
      const { pub } = await makePair(world, 'alice', { label: 'seen' })
      await world.as('alice', 'key.share', {
        filter: reference(pub),
        usernames: ['bob'],
        role: 'crypto-user',
      })
      for (const who of ['alice', 'bob', 'carol', 'admin'] as const) {
        assert.deepEqual(await labels(who, { 'label-glob': 'seen-*' }), ['seen-public'], who)
      }
    })

    test('a user who does not exist is an error, not an empty list', async () => {
      for (const request of [{ owner: 'ghost' }, { 'shared-with': 'ghost' }]) {
        await assert.rejects(labels('alice', request), fails('user-not-found', 'User ghost not found'))
      }
    })

    test('pages that follow references go on where they were when keys are gone', async () => {
      const next = async (token: string) => {
        const page = await world.as('carol', 'key.list', {
          filter: [],
          owner: 'carol',
          'max-items': 2,
          'starting-token': token,
        })
        return {
          labels: page.matched_keys.map(({ attributes }) => attributes['label']),
          token: page.next_token,
        }
      }
      const keys = []
      for (const label of ['c1', 'c2', 'c3', 'c4']) keys.push(await makeAes(world, 'carol', label))
      const first = await next('0x0000000000000000')
      assert.deepEqual(first, { labels: ['c1', 'c2'], token: keys[1] })
      for (const key of keys.slice(0, 2)) await world.as('carol', 'key.delete', { filter: reference(key) })
      assert.deepEqual(await next(keys[1] ?? ''), { labels: ['c3', 'c4'], token: undefined })
    })
  })
}

/** Every operation but the lists, with each of its fields that selects a key. */
function* selecting(): Generator<readonly [string, string, string | undefined]> {
  for (const [operation, { request }] of Object.entries(OPERATIONS)) {
    if (operation === 'key.list' || operation.endsWith('-many')) continue
    const variants = 'options' in request ? request.options : [request]
    for (const { entries } of variants) {
      const [purpose] = 'purpose' in entries ? entries.purpose.options : []
      for (const field of Object.keys(entries)) {
        if (field.endsWith('filter')) yield [operation, field, purpose]
      }
    }
  }
}
