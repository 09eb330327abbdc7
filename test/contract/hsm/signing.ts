import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { Request } from '../../../src/contract/operations.ts'
import { fails } from '../../support/errors.ts'
import {
  base64,
  createWorld,
  ECDSA,
  makeAes,
  makePair,
  type Person,
  RSA_PKCS,
  reference,
  sign,
  type World,
} from '../../support/world.ts'

/** Signatures are real ones, and made only with keys that allow it. */
export function signingContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
  })
  const pem = async (key: string) =>
    (await world.as('bob', 'key.export-public', { filter: reference(key) })).pem
  const verifyHere = async (
    pub: string,
    data: string,
    signature: string,
    mechanism: Request<'crypto.verify'>['mechanism'],
  ) =>
    (
      await world.as('bob', 'crypto.verify', {
        filter: reference(pub),
        mechanism,
        data: [data],
        signatures: [signature],
      })
    ).verified[0]

  suite('sign and verify', () => {
    test('every mechanism, raw and digest, is verified outside and inside', async () => {
      const rsa = await makePair(world, 'alice', { label: 'rsa', rsa: 2048, share: ['bob'] })
      const ec = await makePair(world, 'alice', { label: 'ec', curve: 'secp384r1', share: ['bob'] })
      const pss = {
        name: 'rsa-pkcs-pss',
        hash: 'sha384',
        input: 'raw',
        mgf: 'mgf1-sha384',
        'salt-length': 20,
      } as const
      const rows = [
        [ec, { name: 'ecdsa', hash: 'sha384', input: 'raw' }, { dsaEncoding: 'ieee-p1363' }],
        [rsa, { name: 'rsa-pkcs', hash: 'sha384', input: 'raw' }, {}],
        [rsa, pss, { padding: 6, saltLength: 20 }],
      ] as const
      const digest = createHash('sha384').update('message').digest('base64')
      for (const [pair, mechanism, options] of rows) {
        const signature = await sign(world, 'bob', pair.priv, 'message', mechanism)
        const key = { key: await pem(pair.pub), ...options }
        assert.ok(
          verify('sha384', Buffer.from('message'), key, Buffer.from(signature, 'base64')),
          mechanism.name,
        )
        assert.equal(await verifyHere(pair.pub, base64('message'), signature, mechanism), true)
        assert.equal(await verifyHere(pair.pub, base64('massage'), signature, mechanism), false)
        if (mechanism.name === 'rsa-pkcs') continue
        assert.equal(await verifyHere(pair.pub, digest, signature, { ...mechanism, input: 'digest' }), true)
        const signed = await world.as('bob', 'crypto.sign', {
          filter: reference(pair.priv),
          mechanism: { ...mechanism, input: 'digest' },
          data: [digest],
        })
        assert.ok(
          verify('sha384', Buffer.from('message'), key, signed.signatures[0] ?? Buffer.alloc(0)),
          mechanism.name,
        )
      }
    })

    test('a batch is signed in order and verified item by item', async () => {
      const { pub, priv } = await makePair(world, 'alice', { label: 'batch' })
      const data = Array.from({ length: 40 }, (_, at) => base64(`item ${at}`))
      const { signatures } = await world.as('alice', 'crypto.sign', {
        filter: reference(priv),
        mechanism: ECDSA,
        data,
      })
      const swapped = [...signatures.slice(0, 38), signatures[39] ?? '', signatures[38] ?? '']
      const reply = await world.as('bob', 'crypto.verify', {
        filter: reference(pub),
        mechanism: ECDSA,
        data,
        signatures: swapped,
      })
      assert.deepEqual(reply.verified, [...Array(38).fill(true), false, false])
      const uneven = world.as('bob', 'crypto.verify', {
        filter: reference(pub),
        mechanism: ECDSA,
        data,
        signatures: signatures.slice(1),
      })
      await assert.rejects(uneven, fails('invalid-request'))
    })

    test('what the key, its class, its type or its attributes do not allow', async () => {
      const usable = await makePair(world, 'alice', { label: 'usable' })
      const idle = await makePair(world, 'alice', { label: 'idle', sign: false })
      const aes = await makeAes(world, 'alice', 'symmetric')
      const refusals = [
        [() => sign(world, 'alice', idle.priv, 'x'), 'key-function'],
        [() => sign(world, 'alice', usable.pub, 'x'), 'key-type'],
        [() => sign(world, 'alice', aes, 'x'), 'key-type'],
        [() => sign(world, 'alice', usable.priv, 'x', RSA_PKCS), 'key-type'],
        [() => sign(world, 'bob', usable.priv, 'x'), 'key-selection'],
        [() => sign(world, 'admin', usable.priv, 'x'), 'not-permitted'],
        [() => verifyHere(idle.pub, base64('x'), base64('x'), ECDSA), 'key-function'],
        [() => world.as('bob', 'key.export-public', { filter: reference(aes) }), 'key-selection'],
        [() => world.as('alice', 'key.export-public', { filter: reference(usable.priv) }), 'key-type'],
      ] as const
      for (const [call, expected] of refusals) await assert.rejects(call, fails(expected))
    })

    test('whoever may sign with a key may have a file that names it', async () => {
      const { pub, priv } = await makePair(world, 'alice', { label: 'named', share: ['bob'] })
      const named = async (who: Person, key = priv) =>
        (
          await world.as(who, 'key.export-reference', {
            filter: reference(key),
            encoding: 'reference-pem',
          })
        ).pem
      assert.ok(createPublicKey(await named('alice')).equals(createPublicKey(await pem(pub))))
      assert.equal(await named('bob'), await named('alice'))
      await assert.rejects(named('carol'), fails('key-selection'))
      await assert.rejects(named('admin'), fails('not-permitted'))
      await assert.rejects(named('alice', pub), fails('key-type'))
    })

    test('data and parameters that cannot be right', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'strict' })
      const rsa = await makePair(world, 'alice', { label: 'strict-rsa', rsa: 2048 })
      const call = (key: string, mechanism: object, data: string[]) =>
        world.as('alice', 'crypto.sign', {
          filter: reference(key),
          mechanism,
          data,
        } as Request<'crypto.sign'>)
      const pss = {
        name: 'rsa-pkcs-pss',
        hash: 'sha256',
        input: 'raw',
        mgf: 'mgf1-sha256',
        'salt-length': 32,
      }
      const refusals = [
        [() => call(priv, { ...ECDSA, input: 'digest' }, [base64('short')]), 'invalid-data'],
        [() => call(rsa.priv, { ...RSA_PKCS, input: 'digest' }, [base64('x'.repeat(32))]), 'invalid-data'],
        [() => call(rsa.priv, { ...pss, mgf: 'mgf1-sha1' }, [base64('x')]), 'invalid-mechanism'],
        [() => call(rsa.priv, { ...pss, 'salt-length': 400 }, [base64('x')]), 'invalid-mechanism'],
        [() => call(rsa.priv, { ...pss, 'salt-length': -1 }, [base64('x')]), 'invalid-request'],
        [() => call(priv, { ...ECDSA, hash: 'md5' }, [base64('x')]), 'invalid-request'],
        [() => call(priv, ECDSA, ['not base64!']), 'invalid-request'],
        [() => call(priv, ECDSA, []), 'invalid-request'],
        [() => call(priv, ECDSA, Array(300).fill('')), 'invalid-request'],
      ] as const
      for (const [refused, expected] of refusals) await assert.rejects(refused, fails(expected))
    })
  })
}
