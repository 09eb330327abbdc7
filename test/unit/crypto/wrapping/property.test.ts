import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { HASH_NAMES } from '../../../../src/contract/algorithms.ts'
import { WRAPPING_KEY_TYPE, type Wrapping } from '../../../../src/contract/mechanisms.ts'
import { unwrapPayload, wrapPayload } from '../../../../src/crypto/wrapping/wrapping.ts'
import { fails } from '../../../support/errors.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const exported = { type: 'pkcs8', format: 'der' } as const
const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(exported)
const ed25519 = generateKeyPairSync('ed25519').privateKey.export(exported)
const rsa = privateKey.export(exported)

const wrapping: fc.Arbitrary<Wrapping> = fc.oneof(
  fc.constantFrom<Wrapping>(
    { name: 'aes-no-pad' },
    { name: 'aes-pkcs5-pad' },
    { name: 'aes-zero-pad' },
    { name: 'rsa-pkcs' },
  ),
  fc.record({
    name: fc.constantFrom('aes-gcm' as const, 'cloudhsm-aes-gcm' as const),
    aad: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    'tag-length-bits': fc.constantFrom(32, 64, 96, 104, 112, 120, 128),
  }),
  fc
    .tuple(
      fc.constantFrom('rsa-aes' as const, 'rsa-oaep' as const),
      fc.constantFrom(...HASH_NAMES),
      fc.constantFrom(...HASH_NAMES),
    )
    .map(([name, hash, mgfHash]) => ({ name, hash, mgf: `mgf1-${mgfHash}` as const })),
) as fc.Arbitrary<Wrapping>

const kek = fc.constantFrom(16, 24, 32).map((bytes) => createSecretKey(randomBytes(bytes)))
const payload = fc.oneof(
  fc.constantFrom(rsa, ec, ed25519),
  fc.constantFrom(16, 24, 32).map((bytes) => randomBytes(bytes)),
  fc.integer({ min: 1, max: 800 }).map((bytes) => randomBytes(bytes)),
)

type Pair = { readonly wraps: KeyObject; readonly unwraps: KeyObject }
const pairFor = ({ name }: Wrapping, key: KeyObject): Pair =>
  WRAPPING_KEY_TYPE[name] === 'aes' ? { wraps: key, unwraps: key } : { wraps: publicKey, unwraps: privateKey }

/** What a mechanism cannot take says nothing about what it does with the rest. */
async function wrapped(mechanism: Wrapping, { wraps }: Pair, clear: Buffer) {
  const made = await wrapPayload(wraps, mechanism, clear).catch((error: unknown) => {
    fails('invalid-data')(error)
    return undefined
  })
  fc.pre(made !== undefined)
  const complete = made.iv ? { ...mechanism, iv: made.iv } : mechanism
  return { bytes: made.wrapped, mechanism: complete as Wrapping }
}

suite('key wrapping', () => {
  test('what is wrapped unwraps to the same bytes, whatever the mechanism and the key', async () => {
    await fc.assert(
      fc.asyncProperty(wrapping, kek, payload, async (mechanism, key, clear) => {
        const pair = pairFor(mechanism, key)
        const made = await wrapped(mechanism, pair, clear)
        assert.deepEqual(await unwrapPayload(pair.unwraps, made.mechanism, made.bytes), clear)
      }),
      { numRuns: 300 },
    )
  })

  test('where there is an integrity check, one bit that is wrong is noticed, and what is cut off or added', async () => {
    const checked = wrapping.filter(({ name }) => name !== 'rsa-pkcs')
    await fc.assert(
      fc.asyncProperty(checked, kek, payload, fc.nat(), fc.nat(), async (mechanism, key, clear, bit, cut) => {
        const pair = pairFor(mechanism, key)
        const { bytes, mechanism: complete } = await wrapped(mechanism, pair, clear)
        const flipped = Buffer.from(bytes)
        const at = bit % (8 * bytes.length)
        flipped.writeUInt8(flipped.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3)
        const shorter = bytes.subarray(0, cut % bytes.length)
        for (const spoiled of [flipped, shorter, Buffer.concat([bytes, Buffer.alloc(8)])]) {
          await assert.rejects(
            unwrapPayload(pair.unwraps, complete, spoiled),
            fails('unwrap-failed', 'Unwrap failed'),
          )
        }
      }),
      { numRuns: 200 },
    )
  })

  test('another key, another label, another hash: all the same refusal', async () => {
    const clear = randomBytes(32)
    const oaep = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' } as const
    const { wrapped: bytes } = await wrapPayload(publicKey, oaep, clear)
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const refused = fails('unwrap-failed', 'Unwrap failed')
    await assert.rejects(unwrapPayload(other, oaep, bytes), refused)
    await assert.rejects(unwrapPayload(privateKey, { ...oaep, label: Buffer.from('x') }, bytes), refused)
    await assert.rejects(unwrapPayload(privateKey, { ...oaep, hash: 'sha1' }, bytes), refused)
    await assert.rejects(unwrapPayload(privateKey, { ...oaep, mgf: 'mgf1-sha1' }, bytes), refused)
  })

  test('a payload of a length that the mechanism cannot take is refused, not padded', async () => {
    const key = createSecretKey(randomBytes(32))
    const refused = (mechanism: Wrapping, bytes: number) =>
      assert.rejects(
        wrapPayload(pairFor(mechanism, key).wraps, mechanism, randomBytes(bytes)),
        fails('invalid-data', new RegExp(mechanism.name)),
      )
    await refused({ name: 'aes-no-pad' }, 8)
    await refused({ name: 'aes-no-pad' }, 20)
    await refused({ name: 'aes-pkcs5-pad' }, 7)
    await refused({ name: 'rsa-pkcs' }, 246)
    await refused({ name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' }, 191)
  })

  test('an IV is made for each key, unless it is given', async () => {
    const key = createSecretKey(randomBytes(32))
    const gcm = { name: 'aes-gcm', 'tag-length-bits': 128 } as const
    const made = await Promise.all([1, 2].map(() => wrapPayload(key, gcm, randomBytes(16))))
    assert.notDeepEqual(made[0]?.iv, made[1]?.iv)
    assert.equal(made[0]?.iv?.length, 12)
    const given = await wrapPayload(key, { ...gcm, iv: Buffer.alloc(12) }, randomBytes(16))
    assert.equal(given.iv, undefined)
    await assert.rejects(unwrapPayload(key, gcm, given.wrapped), fails('invalid-mechanism', /iv/))
  })

  test('the padding inside of aes-pkcs5-pad is checked byte for byte', async () => {
    const key = createSecretKey(randomBytes(32))
    for (const [padding, sound] of [
      ['00', false],
      ['09', false],
      ['010302', false],
      ['0403040404', false],
      ['0304040404', true],
    ] as const) {
      const odd = Buffer.from(padding, 'hex')
      const inner = Buffer.concat([Buffer.alloc(24 - odd.length, 0xaa), odd])
      const { wrapped: bytes } = await wrapPayload(key, { name: 'aes-no-pad' }, inner)
      const unwrapped = unwrapPayload(key, { name: 'aes-pkcs5-pad' }, bytes)
      if (sound) await assert.doesNotReject(unwrapped)
      else await assert.rejects(unwrapped, fails('unwrap-failed'))
    }
  })
})
