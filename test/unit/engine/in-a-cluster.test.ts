import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { type Cluster, NO_OTHERS } from '../../../src/cluster/cluster.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import type { RecordKey } from '../../../src/model/records.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { messageParts, signing } from '../../support/message-parts.ts'
import {
  byLabel,
  createWorld,
  ECDSA,
  makeAes,
  makePair,
  PASSWORD,
  reference,
  sign,
  type World,
} from '../../support/world.ts'

suite('an HSM among others', () => {
  let serves: boolean
  let missing: RecordKey | undefined
  let live: readonly string[]
  let asked: string[]
  let fence: (() => Promise<void>) | undefined
  let world: World
  let other: Engine

  beforeEach(async () => {
    serves = true
    missing = undefined
    live = ['hsm-a', 'hsm-b']
    asked = []
    fence = undefined
    const cluster: Cluster = {
      serving: {
        check() {
          if (!serves) throw new HsmError('not-serving')
        },
        fenced: () => fence !== undefined,
        fence: async () => fence?.(),
      },
      others: {
        ...NO_OTHERS,
        async inEffect() {
          asked.push('in effect')
          return 'acknowledged'
        },
        async applied() {
          asked.push('applied')
        },
      },
      several: true,
      hsms: () => live.map((id) => ({ id, address: `${id}.example`, version: '1.2.3' })),
      status: () => ({ 'hsm-id': 'hsm-a' }),
      coverage: () => (key) => key !== missing,
    }
    const store = memoryStore()
    world = await createWorld(await testEngine({ store, cluster }))
    other = await testEngine({ store })
  })

  test('that has lost touch ends a session, and says that the login may be resumed elsewhere', async () => {
    const login = { username: 'alice', role: 'crypto-user', password: PASSWORD, resumable: true } as const
    const { token, credential = '' } = await world.hsm.call('session.login', login)
    const plain = await world.login('bob')
    serves = false
    await assert.rejects(
      world.hsm.call('session.logout', {}, token),
      fails(
        'unconfirmed',
        /^The session has ended, but other HSMs may not know that its login has; user logout/,
      ),
    )
    await world.hsm.call('session.logout', {}, plain)
    await assert.rejects(world.hsm.call('session.logout', {}, token), fails('not-logged-in'))
    assert.ok(await other.call('session.resume', { credential }))
  })

  /** At the other HSM. */
  async function unshare(key: string): Promise<void> {
    const login = { username: 'alice', role: 'crypto-user', password: PASSWORD } as const
    const { token } = await other.call('session.login', login)
    await other.call(
      'key.unshare',
      { filter: reference(key), usernames: ['bob'], role: 'crypto-user' },
      token,
    )
  }

  test('does nothing when it does not serve, but says who it is', async () => {
    const { priv } = await makePair(world, 'alice', { label: 'k' })
    serves = false
    await assert.rejects(sign(world, 'alice', priv, 'x'), fails('not-serving'))
    await assert.rejects(world.as('alice', 'key.list', { filter: [] }), fails('not-serving'))
    await assert.rejects(world.login('bob'), fails('not-serving'))
    const status = await world.hsm.call('cluster.status', {})
    assert.deepEqual([status.state, status['hsm-id'], status.serving], ['ACTIVE', 'hsm-a', false])
    assert.equal((await world.hsm.call('cluster.hsm-info', {})).hsms.length, 2)
  })

  test('lists every live HSM', async () => {
    const { hsms } = await world.hsm.call('cluster.hsm-info', {})
    assert.deepEqual(
      hsms.map((hsm) => [hsm['hsm-id'], hsm.address, hsm.state, hsm['firmware-version-minor']]),
      [
        ['hsm-a', 'hsm-a.example', 'ACTIVE', '2'],
        ['hsm-b', 'hsm-b.example', 'ACTIVE', '2'],
      ],
    )
  })

  test('token keys need two live HSMs, unless the session does without', async () => {
    const { priv } = await makePair(world, 'alice', { label: 'of the session', session: true })
    live = ['hsm-a']
    await assert.rejects(makeAes(world, 'alice', 'late'), fails('key-availability'))
    const kept = { filter: reference(priv), attributes: { token: true } }
    await assert.rejects(world.as('alice', 'key.set-attribute', kept), fails('key-availability'))
    await sign(world, 'alice', priv, 'x')
    const { token } = await world.hsm.call('session.login', {
      username: 'alice',
      role: 'crypto-user',
      password: 'correct horse',
      'key-availability-check': false,
    })
    await world.hsm.call(
      'key.generate-symmetric',
      { 'key-type': 'aes', 'key-length-bytes': 32, label: 'late' },
      token,
    )
  })

  test('shows what some HSM does not have yet', async () => {
    const [here, there] = [await makeAes(world, 'alice', 'here'), await makeAes(world, 'alice', 'there')]
    missing = `key/${there}`
    const coverage = async (label: string) => {
      const request = { filter: byLabel(label), verbose: true }
      const { matched_keys } = await world.as('alice', 'key.list', request)
      const [key] = matched_keys
      assert.ok(key && 'key-info' in key)
      return [key['key-info']['cluster-coverage'], key['key-info']['key-owners'][0]?.['key-coverage']]
    }
    assert.deepEqual(await coverage('here'), ['full', 'full'])
    assert.deepEqual(await coverage('there'), ['inconsistent', 'inconsistent'])
    assert.ok(here)
  })

  test('waits for the others as much as a change needs', async () => {
    const key = await makeAes(world, 'alice', 'k')
    const change = async (act: () => Promise<unknown>) => {
      asked = []
      await act()
      return asked
    }
    const share = (verb: 'key.share' | 'key.unshare') => () =>
      world.as('alice', verb, { filter: [`key-reference=${key}`], usernames: ['bob'], role: 'crypto-user' })
    const mute = () =>
      world.as('alice', 'key.set-attribute', {
        filter: [`key-reference=${key}`],
        attributes: { encrypt: false },
      })
    assert.deepEqual(await change(share('key.share')), ['applied'])
    assert.deepEqual(await change(share('key.unshare')), ['in effect'])
    assert.deepEqual(await change(mute), ['in effect'])
    assert.deepEqual(await change(mute), ['in effect'], 'also when there was nothing left to do')
    assert.deepEqual(await change(() => world.login('bob')), [])
  })

  test('a message in parts ends when its key is unshared at another HSM', async () => {
    const { priv } = await makePair(world, 'alice', { label: 'k', share: ['bob'] })
    const bob = world.token('bob')
    const { begin, update, finish } = messageParts(world)
    const [updated, finished] = [
      await begin(signing(priv, ECDSA), bob),
      await begin(signing(priv, ECDSA), bob),
    ]
    const mine = await begin(signing(priv, ECDSA))
    await update(updated.stream, 'AAAA', bob)
    await unshare(priv)
    await assert.rejects(update(updated.stream, 'AAAA', bob), fails('revoked'))
    await assert.rejects(finish(finished.stream, {}, bob), fails('revoked'))
    assert.ok((await finish(mine.stream)).data)
  })

  test('a step that learns of it on the way, before or after its work, gives nothing', async () => {
    const { begin, update } = messageParts(world)
    for (const turn of [1, 2]) {
      const { priv } = await makePair(world, 'alice', { label: `turn ${turn}`, share: ['bob'] })
      const bob = world.token('bob')
      const { stream } = await begin(signing(priv, ECDSA), bob)
      let turns = 0
      fence = async () => {
        turns += 1
        if (turns === turn) await unshare(priv)
      }
      await assert.rejects(update(stream, 'AAAA', bob), fails('revoked'))
      assert.equal(turns, turn)
      fence = undefined
      await assert.rejects(update(stream, 'AAAA', bob), fails('stream-not-found'))
    }
  })

  test('a message in parts waits for the HSM to serve again', async () => {
    const { priv } = await makePair(world, 'alice', { label: 'k' })
    const { begin, update, finish } = messageParts(world)
    const { stream } = await begin(signing(priv, ECDSA))
    serves = false
    await assert.rejects(update(stream, 'AAAA'), fails('not-serving'))
    serves = true
    assert.ok((await finish(stream)).data)
  })
})
