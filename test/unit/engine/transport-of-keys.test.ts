import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { type Cluster, NO_OTHERS } from '../../../src/cluster/cluster.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, type Person, reference, type World } from '../../support/world.ts'

const KWP = { name: 'aes-zero-pad' } as const

/** A right that ends at the worst moment: after the work is done, before its result is released or stored. */
suite('wrap, unwrap and derive with a right that ends in between (guarantee G)', () => {
  let store: Store
  let world: World
  /** What happens at the next fence or commit that is not its own. */
  let atFence: (() => Promise<void>) | undefined
  let atCommit: (() => Promise<void>) | undefined
  let fences: number

  beforeEach(async () => {
    const memory = memoryStore()
    atFence = undefined
    atCommit = undefined
    fences = 0
    store = {
      ...memory,
      async transact(body) {
        const now = atCommit
        atCommit = undefined
        await now?.()
        return await memory.transact(body)
      },
    }
    const cluster: Cluster = {
      serving: {
        check: () => undefined,
        fenced: () => true,
        async fence() {
          fences += 1
          const now = fences === 2 ? atFence : undefined
          if (now) atFence = undefined
          await now?.()
        },
      },
      others: NO_OTHERS,
      several: false,
      hsms: () => [],
      coverage: () => () => true,
    }
    world = await createWorld(await testEngine({ store, cluster }))
  })

  const makeKek = async (who: Person, label: string, share: string[] = []) => {
    const { key } = await world.as(who, 'key.generate-symmetric', {
      'key-type': 'aes',
      'key-length-bytes': 32,
      label,
      attributes: { wrap: true, unwrap: true },
      'share-crypto-users': share,
    })
    return key['key-reference']
  }
  const unshare = (key: string) =>
    world.as('alice', 'key.unshare', { filter: reference(key), usernames: ['bob'], role: 'crypto-user' })
  const stay = (key: string) =>
    world.as('bob', 'key.set-attribute', { filter: reference(key), attributes: { extractable: false } })
  const wrap = (payload: string, under: string) =>
    world.as('bob', 'key.wrap', {
      'payload-filter': reference(payload),
      'wrapping-filter': reference(under),
      mechanism: KWP,
    })
  const keys = async () => (await world.as('bob', 'key.list', { filter: [] })).total_key_count

  /** Begins a change and comes back when it is in effect here, though not confirmed: that waits for the use. */
  async function begun(change: () => Promise<unknown>, pending: Promise<unknown>[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = store.subscribe((changes) => {
      if (changes.some(({ key }) => key.startsWith('key/'))) resolve()
    })
    pending.push(change())
    await promise
    end()
  }

  for (const lost of ['wrapping key', 'payload'] as const) {
    test(`the ${lost} of a wrap`, async () => {
      const under = await makeKek('alice', 'kek', ['bob'])
      const payload = await makeKek('bob', 'payload')
      await wrap(payload, under)
      const pending: Promise<unknown>[] = []
      fences = 0
      const nested = async () => {
        await begun(() => (lost === 'payload' ? stay(payload) : unshare(under)), pending)
      }
      atFence = nested
      await assert.rejects(wrap(payload, under), fails('revoked'))
      await Promise.all(pending)
      assert.equal(pending.length, 1)
    })
  }

  test('the wrapping key that was decided on is the one that is used, whatever the filter finds later', async () => {
    const payload = await makeKek('bob', 'payload')
    const [one, other] = [await makeKek('bob', 'kek'), await makeKek('bob', 'spare')]
    const rename = (key: string, label: string) =>
      world.as('bob', 'key.set-attribute', { filter: reference(key), attributes: { label } })
    fences = 0
    atFence = async () => {
      await rename(one, 'spare')
      await rename(other, 'kek')
    }
    const wrapped = await world.as('bob', 'key.wrap', {
      'payload-filter': reference(payload),
      'wrapping-filter': ['attr.label=kek'],
      mechanism: KWP,
    })
    assert.equal(fences, 2)
    assert.equal(wrapped['wrapping-key-reference'], one)
  })

  test('the unwrapping key, once the wrapped key is decrypted', async () => {
    const under = await makeKek('alice', 'kek', ['bob'])
    const wrapped = await wrap(await makeKek('bob', 'payload'), under)
    const unwrap = (label: string) =>
      world.as('bob', 'key.unwrap', {
        filter: reference(under),
        mechanism: KWP,
        'wrapped-key': wrapped['wrapped-key'],
        'key-type-class': 'aes',
        label,
      })
    await unwrap('while it may')
    const before = await keys()
    atCommit = async () => void (await unshare(under))
    await assert.rejects(unwrap('too late'), fails('key-selection'))
    assert.equal(await keys(), before - 1, 'the share is gone, and nothing has come')
  })

  test('the template of the unwrapping key, once the wrapped key is decrypted', async () => {
    const under = await makeKek('bob', 'kek')
    const wrapped = await wrap(await makeKek('bob', 'payload'), under)
    const before = await keys()
    atCommit = async () => {
      await world.as('bob', 'key.set-attribute', {
        filter: reference(under),
        attributes: { 'unwrap-template': { extractable: false } },
      })
    }
    const unwrapped = world.as('bob', 'key.unwrap', {
      filter: reference(under),
      mechanism: KWP,
      'wrapped-key': wrapped['wrapped-key'],
      'key-type-class': 'aes',
      label: 'too loose',
    })
    await assert.rejects(unwrapped, fails('revoked'))
    assert.equal(await keys(), before)
  })

  test('the base key, once the derived key is there', async () => {
    const made = await world.as('bob', 'key.generate-pair', {
      'key-type': 'ec',
      curve: 'secp256r1',
      'public-label': 'p',
      'private-label': 'p',
      'private-attributes': { derive: true },
    })
    const base = made.private_key['key-reference']
    const point = Buffer.from(String(made.public_key.attributes['ec-point']).slice(2), 'hex')
    const before = await keys()
    atCommit = async () => {
      const filter = reference(base)
      await world.as('bob', 'key.set-attribute', { filter, attributes: { derive: false } })
    }
    const derived = world.as('bob', 'key.derive', {
      filter: reference(base),
      mechanism: { name: 'ecdh', kdf: 'none', 'public-point': point.toString('base64') },
      'key-type': 'aes',
      label: 'too late',
    })
    await assert.rejects(derived, fails('key-function'))
    assert.equal(await keys(), before)
  })
})
