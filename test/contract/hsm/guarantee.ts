import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { createRecorder, violations } from '../../support/history.ts'
import {
  createWorld,
  makePair,
  PASSWORD,
  RSA_PKCS,
  reference,
  sign,
  type World,
} from '../../support/world.ts'

/** Uses kept in flight by each user while rights come and go. */
const IN_FLIGHT = 12

/** Guarantee G on recorded histories: no use under a right that a confirmed change has taken back. */
export function guaranteeContract(open: () => Promise<Hsm>, deliveredInOrder: boolean): void {
  let world: World
  let key: string
  before(async () => {
    world = await createWorld(await open())
    key = (await makePair(world, 'alice', { label: 'busy', rsa: 4096 })).priv
  })
  const message = 'x'
  const share = (verb: 'key.share' | 'key.unshare') =>
    world.as('alice', verb, { filter: reference(key), usernames: ['bob'], role: 'crypto-user' })
  const someUses = async (
    history: ReturnType<typeof createRecorder>,
    use: () => Promise<unknown>,
    enough: number,
  ) => {
    while (history.successes() < enough) {
      await history.use(use)
      await setImmediate()
    }
  }

  suite('guarantee G', () => {
    test('several keys taken back at once with signatures in flight', async () => {
      const history = createRecorder()
      const pairs = []
      for (const label of ['one', 'two'])
        pairs.push(await makePair(world, 'alice', { label, share: ['bob'] }))
      const keys = [key, ...pairs.map(({ priv }) => priv)]
      await share('key.share')
      const use = (at: number) => () =>
        sign(world, 'bob', keys[at % keys.length] ?? '', message, at % keys.length ? undefined : RSA_PKCS)
      const before = Array.from({ length: IN_FLIGHT }, (_, at) => history.use(use(at)))
      await history.use(use(1))
      await history.revoke(() =>
        world.as('alice', 'key.unshare-many', { keys, filter: [], usernames: ['bob'], role: 'crypto-user' }),
      )
      await Promise.all([...before, ...keys.map((_, at) => history.use(use(at)))])
      assert.deepEqual(violations(history.events, { deliveredInOrder }), [])
      assert.ok(history.successes() > 0)
      assert.ok(history.refusals() >= keys.length)
    })

    test('share and unshare with signatures in flight', async () => {
      const history = createRecorder()
      const over = new AbortController()
      const users = Array.from({ length: IN_FLIGHT }, async () => {
        while (!over.signal.aborted) {
          await history.use(() => sign(world, 'bob', key, message, RSA_PKCS))
          // In one process a refusal needs no IO: without a pause this loop would be the only thing that runs.
          await setImmediate()
        }
      })
      for (let round = 1; round <= 8; round++) {
        await history.grant(() => share('key.share'))
        await someUses(history, () => sign(world, 'bob', key, message, RSA_PKCS), round * 5)
        await history.revoke(() => share('key.unshare'))
        for (let turn = 0; turn < 5; turn++) await setImmediate()
      }
      over.abort()
      await Promise.all(users)
      assert.deepEqual(violations(history.events, { deliveredInOrder }), [])
      assert.ok(history.successes() >= 40)
      assert.ok(history.refusals() > 0)
    })

    test('delete with signatures in flight', async () => {
      const history = createRecorder()
      const { priv } = await makePair(world, 'alice', { label: 'doomed', rsa: 4096, share: ['bob'] })
      const use = (who: 'alice' | 'bob') => () => sign(world, who, priv, message, RSA_PKCS)
      const before = Array.from({ length: IN_FLIGHT }, (_, at) => history.use(use(at % 2 ? 'alice' : 'bob')))
      await history.use(use('bob'))
      await history.revoke(() => world.as('alice', 'key.delete', { filter: reference(priv) }))
      await Promise.all([...before, history.use(use('alice')), history.use(use('bob'))])
      assert.deepEqual(violations(history.events, { deliveredInOrder }), [])
      assert.ok(history.successes() > 0)
    })

    test('a change of password with signatures of an older session in flight', async () => {
      const history = createRecorder()
      const [old, mine] = [await world.login('bob'), await world.login('bob')]
      await world.as('alice', 'key.share', {
        filter: reference(key),
        usernames: ['bob'],
        role: 'crypto-user',
      })
      const use = () =>
        world.hsm.call(
          'crypto.sign',
          { filter: reference(key), mechanism: RSA_PKCS, data: [btoa(message)] },
          old,
        )
      const before = Array.from({ length: IN_FLIGHT }, () => history.use(use))
      await history.use(use)
      const change = { username: 'bob', role: 'crypto-user', password: `${PASSWORD}!` } as const
      await history.revoke(() => world.hsm.call('user.change-password', change, mine))
      await Promise.all([...before, history.use(use)])
      assert.deepEqual(violations(history.events, { deliveredInOrder }), [])
      assert.ok(history.successes() > 0)
    })

    test('taking away the attribute with signatures in flight', async () => {
      const history = createRecorder()
      const { priv } = await makePair(world, 'alice', { label: 'muted', rsa: 4096 })
      const use = () => sign(world, 'alice', priv, message, RSA_PKCS)
      const before = Array.from({ length: IN_FLIGHT }, () => history.use(use))
      await history.use(use)
      await history.revoke(() =>
        world.as('alice', 'key.set-attribute', { filter: reference(priv), attributes: { sign: false } }),
      )
      await Promise.all([...before, history.use(use)])
      assert.deepEqual(violations(history.events, { deliveredInOrder }), [])
      assert.ok(history.successes() > 0)
    })
  })
}
