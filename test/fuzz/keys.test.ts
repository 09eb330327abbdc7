/** Whatever is said to be a key or a certificate: it is taken and can be used, or refused in words that name it. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { before, suite, test } from 'node:test'
import fc from 'fast-check'
import { HsmError } from '../../src/contract/errors.ts'
import type { KeyTypeClass } from '../../src/contract/key-type-classes.ts'
import type { Mechanism } from '../../src/contract/mechanisms.ts'
import { generateEcPair } from '../../src/crypto/key-pairs.ts'
import { testEngine } from '../support/engine.ts'
import { makePki } from '../support/pki.ts'
import { createWorld, reference, type World } from '../support/world.ts'

type Sample = { readonly name: KeyTypeClass; readonly der: Buffer; readonly mechanism: Mechanism }

const RSA = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
})
const RSA_PKCS: Mechanism = { name: 'rsa-pkcs', hash: 'sha256', input: 'raw' }

const SAMPLES: Sample[] = [
  { name: 'rsa-public', der: RSA.publicKey, mechanism: RSA_PKCS },
  { name: 'rsa-private', der: RSA.privateKey, mechanism: RSA_PKCS },
]
for (const curve of ['secp224r1', 'secp256r1', 'secp256k1', 'secp521r1', 'ed25519'] as const) {
  const { spki, pkcs8 } = await generateEcPair(curve)
  const mechanism: Mechanism =
    curve === 'ed25519' ? { name: 'ed25519' } : { name: 'ecdsa', hash: 'sha512', input: 'raw' }
  SAMPLES.push({ name: 'ec-public', der: spki, mechanism }, { name: 'ec-private', der: pkcs8, mechanism })
}

/** What is done to the bytes: changed, left out, or put in, at a place. */
const spoiling = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  out: fc.integer({ min: 0, max: 3 }),
  put: fc.uint8Array({ maxLength: 3 }),
})
type Spoiling = typeof spoiling extends fc.Arbitrary<infer T> ? T : never

const spoil = (bytes: Buffer, { at, out, put }: Spoiling): Buffer => {
  const place = Math.floor(at * bytes.length)
  return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + out)])
}

suite('spoiled keys', () => {
  let world: World
  let certificate: Buffer
  before(async () => {
    world = await createWorld(await testEngine())
    const pki = await makePki()
    certificate = new X509Certificate(pki.read('ca.crt')).raw
    pki.remove()
  })

  /** Undefined when it is refused as bad data. */
  async function tolerant<T>(call: Promise<T>): Promise<T | undefined> {
    try {
      return await call
    } catch (error) {
      assert.ok(error instanceof HsmError, String(error))
      assert.ok(error.code === 'invalid-data' || error.code === 'invalid-request', error.message)
      assert.doesNotMatch(error.message, /error:|routines|OpenSSL/)
      return undefined
    }
  }

  async function use(key: string, { name, mechanism }: Sample): Promise<void> {
    const request = { filter: reference(key), mechanism, data: ['aGVsbG8='] }
    if (name.endsWith('private')) await world.as('alice', 'crypto.sign', request)
    else await world.as('alice', 'crypto.verify', { ...request, signatures: ['c2ln'] })
  }

  test('a key is taken and of use, or refused', async (t) => {
    let taken = 0
    let refused = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SAMPLES),
        fc.array(spoiling, { maxLength: 2 }),
        async (sample, how) => {
          const der = how.reduce(spoil, sample.der)
          const request = {
            'key-type-class': sample.name,
            material: der.toString('base64'),
            label: 'spoiled',
            session: true,
            attributes: sample.name.endsWith('private') ? { sign: true } : { verify: true },
          }
          const made = await tolerant(world.as('alice', 'key.import', request))
          if (!made) refused += 1
          if (!made) return
          taken += 1
          const key = made.key['key-reference']
          await use(key, sample)
          await world.as('alice', 'key.delete', { filter: reference(key) })
        },
      ),
      { numRuns: 2000 },
    )
    t.diagnostic(`${taken} taken, ${refused} refused`)
    assert.ok(taken > 0 && refused > 0)
  })

  test('a certificate is taken and read, or refused', async (t) => {
    let taken = 0
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.array(spoiling, { maxLength: 2 }), async (how) => {
        const value = how.reduce(spoil, certificate)
        const made = await tolerant(world.as('alice', 'certificate.create', { value, session: true }))
        if (!made) refused += 1
        if (!made) return
        taken += 1
        const { reference: id } = made.certificate
        assert.deepEqual(made.certificate.value, value)
        await world.as('alice', 'certificate.delete', { reference: id })
      }),
      { numRuns: 1000 },
    )
    t.diagnostic(`${taken} taken, ${refused} refused`)
    assert.ok(taken > 0 && refused > 0)
  })
})
