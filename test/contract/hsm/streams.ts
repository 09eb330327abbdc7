import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { Cipher, Mechanism } from '../../../src/contract/mechanisms.ts'
import { bringRsa, bringSecret, makeSigningPair } from '../../support/crypto-keys.ts'
import { fails } from '../../support/errors.ts'
import { messageParts, type Parts, type Start, signing } from '../../support/message-parts.ts'
import { base64, createWorld, ECDSA, makePair, reference, type World } from '../../support/world.ts'

const GCM: Cipher = { name: 'aes-gcm', 'tag-length-bits': 128 }
const withIv = (iv: Buffer | undefined): Cipher => ({ name: 'aes-gcm', iv, 'tag-length-bits': 128 })
const OAEP: Cipher = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' }

/** A message in parts gives what it would as a whole. */
export function streamsContract(open: () => Promise<Hsm>): void {
  let world: World
  let parts: Parts
  before(async () => {
    world = await createWorld(await open())
    parts = messageParts(world)
  })
  const PARTS = ['a message', '', ' in ', 'four parts'].map((text) => Buffer.from(text))
  const WHOLE = Buffer.concat(PARTS)

  suite('messages in parts', () => {
    test('sign and verify, whatever the mechanism', async () => {
      const ec = await makePair(world, 'alice', { label: 'ec' })
      const ed = await makeSigningPair(world, 'alice', 'ed25519')
      const mlDsa = await makeSigningPair(world, 'alice', 'ML-DSA-44')
      const rsa = await bringRsa(world, 'alice')
      const secret = (await bringSecret(world, 'alice', 'generic-secret')).key
      const aes = (await bringSecret(world, 'alice', 'aes')).key
      const pss = {
        name: 'rsa-pkcs-pss',
        hash: 'sha1',
        input: 'raw',
        mgf: 'mgf1-sha1',
        'salt-length': 0,
      } as const
      const rows: readonly (readonly [string, string, Mechanism])[] = [
        [ec.priv, ec.pub, ECDSA],
        [rsa.priv, rsa.pub, { name: 'rsa-pkcs', hash: 'sha512', input: 'raw' }],
        [rsa.priv, rsa.pub, pss],
        [rsa.priv, rsa.pub, { name: 'rsa-pkcs-unhashed' }],
        [ed.priv, ed.pub, { name: 'ed25519' }],
        [ed.priv, ed.pub, { name: 'ed25519ph', input: 'raw' }],
        [mlDsa.priv, mlDsa.pub, { name: 'ml-dsa', input: 'raw' }],
        [secret, secret, { name: 'hmac', hash: 'sha384' }],
        [aes, aes, { name: 'aes-cmac', 'mac-length': 12 }],
      ]
      for (const [priv, pub, mechanism] of rows) {
        const { begun, out } = await parts.send(signing(priv, mechanism), PARTS)
        assert.equal(begun['key-reference'], priv)
        assert.equal(begun['result-bytes'], out.length, mechanism.name)
        const request = {
          filter: reference(pub),
          mechanism,
          data: [WHOLE.toString('base64')],
          signatures: [out.toString('base64')],
        }
        assert.deepEqual((await world.as('alice', 'crypto.verify', request)).verified, [true], mechanism.name)
        const verifying: Start = { filter: reference(pub), purpose: 'verify', mechanism }
        const good = await parts.send(verifying, PARTS, out.toString('base64'))
        assert.deepEqual(good.end, { verified: true }, mechanism.name)
        const bad = await parts.send(verifying, PARTS.toReversed(), out.toString('base64'))
        assert.deepEqual(bad.end, { verified: false }, mechanism.name)
      }
    })

    test('encrypt and decrypt, handing out what is ready', async () => {
      const { key } = await bringSecret(world, 'alice', 'aes')
      const rsa = await bringRsa(world, 'alice')
      const plain = randomBytes(3000)
      const pieces = [plain.subarray(0, 1), plain.subarray(1, 1500), plain.subarray(1500)]
      const cbc: Cipher = { name: 'aes-cbc-pad', iv: randomBytes(16) }
      for (const cipher of [cbc, GCM]) {
        const sealed = await parts.send({ filter: reference(key), purpose: 'encrypt', cipher }, pieces)
        assert.equal(sealed.begun.iv !== undefined, cipher === GCM)
        const complete = cipher === GCM ? withIv(sealed.begun.iv) : cipher
        const request = { filter: reference(key), cipher: complete, data: [sealed.out.toString('base64')] }
        assert.deepEqual((await world.as('alice', 'crypto.decrypt', request)).data[0], plain)
        const opened = await parts.send({ filter: reference(key), purpose: 'decrypt', cipher: complete }, [
          sealed.out.subarray(0, 700),
          sealed.out.subarray(700),
        ])
        assert.deepEqual(opened.out, plain)
      }
      const block = await parts.send({ filter: reference(rsa.pub), purpose: 'encrypt', cipher: OAEP }, PARTS)
      assert.deepEqual([block.begun['result-bytes'], block.out.length], [256, 256])
      const opened = await parts.send({ filter: reference(rsa.priv), purpose: 'decrypt', cipher: OAEP }, [
        block.out,
      ])
      assert.deepEqual([opened.begun['result-bytes'], opened.out], [190, WHOLE])
    })

    test('of a GCM message nothing comes out before its tag was found right', async () => {
      const { key } = await bringSecret(world, 'alice', 'aes')
      const sealed = await parts.send({ filter: reference(key), purpose: 'encrypt', cipher: GCM }, [
        randomBytes(1000),
      ])
      const cipher = withIv(sealed.begun.iv)
      const start: Start = { filter: reference(key), purpose: 'decrypt', cipher }
      const { stream } = await parts.begin(start)
      assert.deepEqual(await parts.update(stream, sealed.out.subarray(0, 900).toString('base64')), {
        data: Buffer.alloc(0),
      })
      const changed = Buffer.from(sealed.out.subarray(900))
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
      const end = parts.finish(stream, { data: changed.toString('base64') })
      await assert.rejects(end, fails('decryption-failed', 'Decryption failed'))
      await assert.rejects(parts.finish(stream), fails('stream-not-found'))
    })

    test('a cancelled stream is gone, and so is one in which something went wrong', async () => {
      const { priv, pub } = await makePair(world, 'alice', { label: 'cancelled' })
      const cancelled = await parts.begin(signing(priv, ECDSA))
      assert.deepEqual(await parts.cancel(cancelled.stream), {})
      await assert.rejects(parts.update(cancelled.stream, ''), fails('stream-not-found'))
      await assert.rejects(parts.cancel(cancelled.stream), fails('stream-not-found'))

      const signed = await parts.begin(signing(priv, ECDSA))
      await assert.rejects(
        parts.finish(signed.stream, { signature: 'AAAA' }),
        fails('invalid-request', /verifying/),
      )
      await assert.rejects(parts.finish(signed.stream), fails('stream-not-found'))
      const verified = await parts.begin({ filter: reference(pub), purpose: 'verify', mechanism: ECDSA })
      await assert.rejects(parts.finish(verified.stream), fails('invalid-request', /signature is needed/))
      await assert.rejects(parts.finish(verified.stream), fails('stream-not-found'))

      const prehashed = await parts.begin(signing(priv, { name: 'ecdsa', hash: 'sha256', input: 'digest' }))
      await assert.rejects(parts.finish(prehashed.stream, { data: base64('short') }), fails('invalid-data'))
      await assert.rejects(parts.cancel(prehashed.stream), fails('stream-not-found'))
    })

    test('what may not be begun, and leaves nothing open', async () => {
      const { priv, pub } = await makePair(world, 'alice', { label: 'begun', share: ['bob'] })
      const bob = world.token('bob')
      const refusals = [
        [() => parts.begin(signing(pub, ECDSA)), 'key-type'],
        [() => parts.begin(signing(priv, { name: 'ed25519' })), 'key-type'],
        [() => parts.begin(signing(priv, ECDSA), world.token('carol')), 'key-selection'],
        [() => parts.begin(signing(priv, ECDSA), world.token('admin')), 'not-permitted'],
        [
          () => parts.begin({ filter: reference(priv), purpose: 'decrypt', cipher: OAEP }, bob),
          'key-function',
        ],
        [
          () => parts.begin({ filter: reference(priv), purpose: 'sign', cipher: OAEP } as unknown as Start),
          'invalid-request',
        ],
        [
          () =>
            parts.begin({ filter: reference(priv), purpose: 'hash', mechanism: ECDSA } as unknown as Start),
          'invalid-request',
        ],
        [() => parts.begin({ filter: [], purpose: 'sign', mechanism: ECDSA }), 'invalid-request'],
      ] as const
      for (const [call, expected] of refusals) await assert.rejects(call, fails(expected))
      await assert.rejects(parts.update('x'.repeat(65), ''), fails('invalid-request', /stream/))
      await assert.rejects(parts.update('stream-1', 'not base64!'), fails('invalid-request', /data/))
    })

    test('a stream of another session is not there', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'foreign', share: ['bob'] })
      const { stream } = await parts.begin(signing(priv, ECDSA))
      const others = [world.token('bob'), await world.login('alice')]
      for (const token of others) {
        await assert.rejects(parts.update(stream, '', token), fails('stream-not-found'))
        await assert.rejects(parts.finish(stream, {}, token), fails('stream-not-found'))
        await assert.rejects(parts.cancel(stream, token), fails('stream-not-found'))
      }
      assert.ok((await parts.finish(stream)).data)
    })

    test('at most so many in one session', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'many' })
      const token = await world.login('alice')
      const streams: string[] = []
      for (let at = 0; at < LIMITS.streamsPerSession; at++) {
        streams.push((await parts.begin(signing(priv, ECDSA), token)).stream)
      }
      await assert.rejects(parts.begin(signing(priv, ECDSA), token), fails('too-many-streams'))
      await parts.cancel(streams[0] ?? '', token)
      const { stream } = await parts.begin(signing(priv, ECDSA), token)
      assert.ok(stream)
      await world.hsm.call('session.logout', {}, token)
    })

    test('a message that must be kept has a limit', async () => {
      const { priv } = await makeSigningPair(world, 'alice', 'ed25519')
      const part = Buffer.alloc(LIMITS.dataBytes).toString('base64')
      const { stream } = await parts.begin(signing(priv, { name: 'ed25519' }))
      for (let sent = 0; sent < LIMITS.streamBufferBytes; sent += LIMITS.dataBytes)
        await parts.update(stream, part)
      await assert.rejects(parts.update(stream, 'AAAA'), fails('too-large', /ed25519/))
      await assert.rejects(parts.finish(stream), fails('stream-not-found'))
      // One that is hashed as it comes has none.
      const { priv: ec } = await makePair(world, 'alice', { label: 'long' })
      const hashed = await parts.begin(signing(ec, ECDSA))
      for (let sent = 0; sent <= LIMITS.streamBufferBytes; sent += LIMITS.dataBytes) {
        await parts.update(hashed.stream, part)
      }
      assert.ok((await parts.finish(hashed.stream)).data)
    })

    test('parts that are sent at once are refused or in order', async () => {
      const { value, key } = await bringSecret(world, 'alice', 'generic-secret')
      const { stream } = await parts.begin(signing(key, { name: 'hmac', hash: 'sha256' }))
      const sent = await Promise.allSettled(
        Array.from({ length: 8 }, () => parts.update(stream, base64('part'))),
      )
      const taken = sent.filter(({ status }) => status === 'fulfilled').length
      for (const one of sent) if (one.status === 'rejected') fails('invalid-request')(one.reason)
      const { data } = await parts.finish(stream)
      const expected = await world.as('alice', 'crypto.sign', {
        filter: reference(key),
        mechanism: { name: 'hmac', hash: 'sha256' },
        data: [base64('part'.repeat(taken))],
      })
      assert.deepEqual(data, expected.signatures[0])
      assert.ok(value)
    })
  })
}
