import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { Request } from '../../../src/contract/operations.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, type Person, reference, type World } from '../../support/world.ts'

type Pair = { readonly priv: string; readonly point: string }
type Wishes = Partial<Request<'key.derive'>>
const SHOWN = { extractable: true, sensitive: false } as const

/** Two holders of EC keys come to the same secret key. */
export function derivationContract(open: () => Promise<Hsm>): void {
  let world: World
  let hers: Pair
  let his: Pair
  before(async () => {
    world = await createWorld(await open())
    hers = await makePair('alice')
    his = await makePair('bob')
  })

  async function makePair(who: Person, attributes: Request<'key.import'>['attributes'] = { derive: true }) {
    const made = await world.as(who, 'key.generate-pair', {
      'key-type': 'ec',
      curve: 'secp256r1',
      'public-label': `${who}-public`,
      'private-label': who,
      'private-attributes': attributes,
      'share-crypto-users': ['carol'],
    })
    const point = String(made.public_key.attributes['ec-point']).slice(2)
    return {
      priv: made.private_key['key-reference'],
      point: Buffer.from(point, 'hex').toString('base64'),
    }
  }
  async function bring(type: 'aes' | 'generic-secret', material: Buffer): Promise<Pair> {
    const { key } = await world.as('alice', 'key.import', {
      'key-type-class': type,
      material: material.toString('base64'),
      label: 'base',
      attributes: { derive: true },
    })
    return { priv: key['key-reference'], point: '' }
  }
  const derive = (who: Person, mine: Pair, other: Pair, wishes: Wishes = {}) =>
    world.as(who, 'key.derive', {
      filter: reference(mine.priv),
      mechanism: { name: 'ecdh', kdf: 'x963-sha256', 'public-point': other.point },
      'key-type': 'aes',
      label: 'agreed',
      ...wishes,
    })
  const shownValue = async (who: Person, { key }: Awaited<ReturnType<typeof derive>>) =>
    (await world.as(who, 'key.export-value', { filter: reference(key['key-reference']) })).value

  suite('derive', () => {
    test('both sides have the same key', async () => {
      const info = Buffer.from('for this').toString('base64')
      const rows: readonly Wishes[] = [
        { 'key-type': 'aes', 'key-length-bytes': 16 },
        { 'key-type': 'des3' },
        { 'key-type': 'generic-secret', 'key-length-bytes': 100 },
      ]
      for (const row of rows) {
        const wishes = (other: Pair): Wishes => ({
          ...row,
          attributes: SHOWN,
          mechanism: { name: 'ecdh', kdf: 'x963-sha384', 'public-point': other.point, 'shared-info': info },
        })
        const [one, two] = [
          await derive('alice', hers, his, wishes(his)),
          await derive('bob', his, hers, wishes(hers)),
        ]
        const value = await shownValue('alice', one)
        assert.deepEqual(value, await shownValue('bob', two))
        const bytes = row['key-length-bytes'] ?? 24
        assert.equal(value.length, bytes)
        assert.equal(one.key.attributes['key-length-bytes'], bytes)
        assert.equal(one.key.attributes['key-type'], row['key-type'])
      }
    })

    test('without a KDF the end of the shared secret is kept', async () => {
      const mechanism = { name: 'ecdh', kdf: 'none', 'public-point': his.point } as const
      const wishes = { mechanism, attributes: SHOWN, 'key-type': 'generic-secret' } as const
      const whole = await shownValue('alice', await derive('alice', hers, his, wishes))
      const part = await shownValue(
        'alice',
        await derive('alice', hers, his, { ...wishes, 'key-length-bytes': 20 }),
      )
      assert.deepEqual(part, whole.subarray(12))
    })

    test('from a secret key, whose MACs make the value', async () => {
      const material = Buffer.alloc(32, 7)
      for (const type of ['aes', 'generic-secret'] as const) {
        const base = await bring(type, material)
        const mechanism = {
          name: 'counter-kdf',
          prf: 'hmac-sha256',
          'counter-bits': 16,
          'before-counter': Buffer.from('label').toString('base64'),
          'after-counter': Buffer.from('context').toString('base64'),
        } as const
        const wishes = { mechanism, attributes: SHOWN, 'key-type': 'generic-secret' } as const
        const made = await derive('alice', base, his, { ...wishes, 'key-length-bytes': 40 })
        const expected = [1, 2].map((count) =>
          createHmac('sha256', material)
            .update('label')
            .update(Buffer.of(0, count))
            .update('context')
            .digest(),
        )
        assert.deepEqual(await shownValue('alice', made), Buffer.concat(expected).subarray(0, 40))
      }
    })

    test('from an AES key by AES-CMAC', async () => {
      const base = await bring('aes', Buffer.alloc(16, 7))
      const mechanism = { name: 'counter-kdf', prf: 'aes-cmac', 'counter-bits': 32 } as const
      const wishes = { mechanism, attributes: SHOWN } as const
      const long = await derive('alice', base, his, { ...wishes, 'key-length-bytes': 32 })
      const short = await derive('alice', base, his, { ...wishes, 'key-length-bytes': 16 })
      assert.deepEqual(await shownValue('alice', short), (await shownValue('alice', long)).subarray(0, 16))
      assert.equal(
        (await derive('alice', base, his, { mechanism, 'key-type': 'des3' })).key.attributes[
          'key-length-bytes'
        ],
        24,
      )
    })

    test('a mechanism derives from keys of its own kind only, and needs to be told how much', async () => {
      const cmac = { name: 'counter-kdf', prf: 'aes-cmac', 'counter-bits': 32 } as const
      const secret = await bring('generic-secret', Buffer.alloc(16, 7))
      await assert.rejects(
        derive('alice', secret, his, { mechanism: cmac, 'key-length-bytes': 16 }),
        fails('key-type', /aes-cmac a key must be a secret-key of type aes$/),
      )
      await assert.rejects(
        derive('alice', hers, his, { mechanism: cmac, 'key-length-bytes': 16 }),
        fails('key-type'),
      )
      await assert.rejects(derive('alice', secret, his), fails('key-type', /EC pair/))
      const aes = await bring('aes', Buffer.alloc(16, 7))
      await assert.rejects(
        derive('alice', aes, his, { mechanism: cmac }),
        fails('invalid-request', /^key-length-bytes/),
      )
      const long = Buffer.alloc(4097).toString('base64')
      await assert.rejects(
        derive('alice', aes, his, { mechanism: { ...cmac, 'after-counter': long }, 'key-length-bytes': 16 }),
        fails('invalid-request', /at most 4096/),
      )
    })

    test('a derived key is as secret as what it comes from', async () => {
      const kept = await makePair('alice', { derive: true, extractable: false })
      const history = async (base: Pair, attributes: Wishes['attributes'] = {}) => {
        const { key } = await derive('alice', base, his, { attributes })
        const { local, 'always-sensitive': always, 'never-extractable': never } = key.attributes
        return [local, always, never]
      }
      assert.deepEqual(await history(hers), [false, true, false])
      assert.deepEqual(await history(hers, { extractable: false }), [false, true, false])
      assert.deepEqual(await history(kept, { extractable: false }), [false, true, true])
      assert.deepEqual(await history(kept), [false, true, false])
      assert.deepEqual(await history(kept, SHOWN), [false, false, false])
    })

    test('only the owner derives, and only with a key made for it', async () => {
      await assert.rejects(derive('carol', hers, his), fails('not-owner'))
      await assert.rejects(derive('bob', hers, his), fails('key-selection'))
      const idle = await makePair('alice', {})
      await assert.rejects(derive('alice', idle, his), fails('key-function'))
    })

    test('what does not fit is refused, and nothing is stored', async () => {
      const count = async () => (await world.as('alice', 'key.list', { filter: [] })).total_key_count
      const before = await count()
      const point = Buffer.from(his.point, 'base64')
      point.writeUInt8(point.readUInt8(60) ^ 1, 60)
      await assert.rejects(
        derive('alice', hers, { ...his, point: point.toString('base64') }),
        fails('invalid-data', /public-point/),
      )
      await assert.rejects(
        derive('alice', hers, his, { 'key-length-bytes': 20 }),
        fails('invalid-attribute', /16, 24, 32 for aes/),
      )
      const mechanism = { name: 'ecdh', kdf: 'none', 'public-point': his.point } as const
      await assert.rejects(
        derive('alice', hers, his, { mechanism, 'key-type': 'generic-secret', 'key-length-bytes': 33 }),
        fails('invalid-attribute', /at most 32/),
      )
      await assert.rejects(
        derive('alice', hers, his, { attributes: { trusted: true } }),
        fails('attribute-refused'),
      )
      assert.equal(await count(), before)
    })
  })
}
