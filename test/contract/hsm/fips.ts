/** What an HSM in FIPS mode refuses, through every operation that could do it. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { Request } from '../../../src/contract/operations.ts'
import { bringRsa, bringSecret, makeSigningPair } from '../../support/crypto-keys.ts'
import { fails } from '../../support/errors.ts'
import { base64, createWorld, makePair, PASSWORD, reference, type World } from '../../support/world.ts'

const refused = (what: string) => fails('mechanism-refused', `Invalid mechanism: ${what}`)
const ED25519 = 'keys on the curve ed25519 cannot be used in FIPS mode'
const WEAK = 'Digest security strength (80) is weaker than the key security strength (128)'
const digest = (bytes: number) => randomBytes(bytes).toString('base64')

/** @param open gives a founded HSM in FIPS mode that is not activated yet */
export function fipsContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
  })

  suite('in FIPS mode', () => {
    test('the HSM says so', async () => {
      const { hsms } = await world.hsm.call('cluster.hsm-info', {})
      assert.equal(hsms[0]?.['fips-state'], '2 [FIPS mode with single factor authentication]')
      assert.equal((await world.hsm.call('cluster.status', {})).mode, 'fips')
    })

    test('keys on ed25519 are neither made nor brought in, and nothing is stored', async () => {
      const { keys } = await world.hsm.call('cluster.status', {})
      await assert.rejects(makeSigningPair(world, 'alice', 'ed25519'), refused(ED25519))
      const { publicKey, privateKey } = generateKeyPairSync('ed25519')
      const spki = publicKey.export({ type: 'spki', format: 'der' })
      const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
      await assert.rejects(bring('ec-public', spki), refused(ED25519))
      await assert.rejects(bring('ec-private', pkcs8), refused(ED25519))
      assert.equal((await world.hsm.call('cluster.status', {})).keys, keys)
    })

    test('ML-DSA signs', async () => {
      const { priv } = await makeSigningPair(world, 'alice', 'ML-DSA-44')
      await signs({ name: 'ml-dsa', input: 'raw' }, priv, base64('x'))
    })

    test('3DES keys come in and decrypt; they do not encrypt and are not made', async () => {
      const { key } = await bringSecret(world, 'alice', 'des3')
      const cipher = { name: 'des3-ecb' } as const
      const request = { filter: reference(key), cipher, data: [digest(8)] }
      const { data } = await world.as('alice', 'crypto.decrypt', request)
      assert.equal(data.length, 1)
      const encrypting = refused('des3-ecb cannot be used to encrypt in FIPS mode')
      await assert.rejects(world.as('alice', 'crypto.encrypt', request), encrypting)
      await assert.rejects(begin({ ...request, purpose: 'encrypt' }), encrypting)
      await begin({ ...request, purpose: 'decrypt' })
      const making = refused('keys of type des3 cannot be made in FIPS mode')
      await assert.rejects(derive('des3'), making)
      const made = { 'key-type': 'des3', 'key-length-bytes': 24, label: 'x' } as const
      await assert.rejects(world.as('alice', 'key.generate-symmetric', made), making)
      await derive('aes')
    })

    test('RSA PKCS #1 v1.5 neither encrypts nor transports keys; it still signs', async () => {
      const { pub, priv } = await bringRsa(world, 'alice')
      const cipher = { name: 'rsa-pkcs' } as const
      const not = (use: string) => refused(`rsa-pkcs cannot be used to ${use} in FIPS mode`)
      const encrypt = { filter: reference(pub), cipher, data: [base64('x')] }
      await assert.rejects(world.as('alice', 'crypto.encrypt', encrypt), not('encrypt'))
      const decrypt = { filter: reference(priv), cipher, data: [digest(256)] }
      await assert.rejects(world.as('alice', 'crypto.decrypt', decrypt), not('decrypt'))
      await assert.rejects(begin({ ...decrypt, purpose: 'decrypt' }), not('decrypt'))
      await set(pub, { wrap: true })
      await set(priv, { unwrap: true })
      const { key: payload } = await bringSecret(world, 'alice', 'aes')
      const filters = { 'payload-filter': reference(payload), 'wrapping-filter': reference(pub) }
      await assert.rejects(world.as('alice', 'key.wrap', { ...filters, mechanism: cipher }), not('wrap'))
      const unwrap = { 'wrapped-key': digest(256), 'key-type-class': 'aes', label: 'x' } as const
      await assert.rejects(
        world.as('alice', 'key.unwrap', { filter: reference(priv), mechanism: cipher, ...unwrap }),
        not('unwrap'),
      )
      const oaep = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' } as const
      await world.as('alice', 'key.wrap', { ...filters, mechanism: oaep })
      await signs({ name: 'rsa-pkcs', hash: 'sha256', input: 'raw' }, priv, base64('x'))
    })

    test('hash functions of ECDSA are as strong as the key, also when only the length tells them', async () => {
      const { pub, priv } = await makePair(world, 'alice', { label: 'p256' })
      const sha1 = { name: 'ecdsa', hash: 'sha1', input: 'raw' } as const
      const unnamed = { name: 'ecdsa-prehashed' } as const
      await assert.rejects(signs(sha1, priv, base64('x')), refused(WEAK))
      await assert.rejects(
        begin({ filter: reference(priv), purpose: 'sign', mechanism: sha1 }),
        refused(WEAK),
      )
      await assert.rejects(signs(unnamed, priv, digest(32), digest(20)), refused(WEAK))
      const good = await signs(unnamed, priv, digest(32))
      const verify = { filter: reference(pub), mechanism: unnamed, signatures: [...good] }
      await assert.rejects(
        world.as('alice', 'crypto.verify', { ...verify, data: [digest(20)] }),
        refused(WEAK),
      )
      const named = { ...verify, mechanism: sha1, data: [base64('x')] }
      await assert.rejects(world.as('alice', 'crypto.verify', named), refused(WEAK))
    })

    test('nor can a weak hash be signed in parts', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'p256 in parts' })
      const start = {
        filter: reference(priv),
        purpose: 'sign',
        mechanism: { name: 'ecdsa-prehashed' },
      } as const
      const { stream: weak } = await begin(start)
      await world.as('alice', 'crypto.update', { stream: weak, data: digest(10) })
      await assert.rejects(
        world.as('alice', 'crypto.finish', { stream: weak, data: digest(10) }),
        refused(WEAK),
      )
      const { stream: strong } = await begin(start)
      await world.as('alice', 'crypto.update', { stream: strong, data: digest(20) })
      const { data } = await world.as('alice', 'crypto.finish', { stream: strong, data: digest(12) })
      assert.equal(data?.length, 64)
    })

    test('a session that asks for weak hash functions has them, and another one not', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'p256 of a lenient session' })
      const who = { username: 'alice', role: 'crypto-user', password: PASSWORD } as const
      const asking = { ...who, 'ecdsa-with-weak-hash-function': true }
      const { token } = await world.hsm.call('session.login', asking)
      const sha1 = { name: 'ecdsa', hash: 'sha1', input: 'raw' } as const
      const request = { filter: reference(priv), mechanism: sha1, data: [base64('x')] }
      assert.equal((await world.hsm.call('crypto.sign', request, token)).signatures.length, 1)
      await assert.rejects(signs(sha1, priv, base64('x')), refused(WEAK))
    })

    const bring = (name: Request<'key.import'>['key-type-class'], der: Buffer) =>
      world.as('alice', 'key.import', {
        'key-type-class': name,
        material: der.toString('base64'),
        label: 'x',
      })
    const set = (key: string, attributes: Record<string, boolean>) =>
      world.as('alice', 'key.set-attribute', { filter: reference(key), attributes })
    const begin = ({ data: _, ...start }: Request<'crypto.begin'> & { data?: unknown }) =>
      world.as('alice', 'crypto.begin', start as Request<'crypto.begin'>)
    const signs = async (
      mechanism: Request<'crypto.sign'>['mechanism'],
      key: string,
      ...data: string[]
    ): Promise<readonly Buffer[]> =>
      (await world.as('alice', 'crypto.sign', { filter: reference(key), mechanism, data })).signatures

    async function derive(keyType: 'aes' | 'des3') {
      const { priv } = await makePair(world, 'alice', { label: `derives ${keyType}` })
      await set(priv, { derive: true })
      const point = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
      return world.as('alice', 'key.derive', {
        filter: reference(priv),
        mechanism: {
          name: 'ecdh',
          kdf: 'x963-sha256',
          'public-point': point.export({ type: 'spki', format: 'der' }).subarray(-65).toString('base64'),
        },
        'key-type': keyType,
        label: 'derived',
      })
    }
  })
}
