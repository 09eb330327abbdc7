/** Which signatures are made on the event loop: those come as a Buffer; those from the thread pool come as a promise. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { generateRsaPair } from '../../../src/crypto/key-pairs.ts'
import type { SigningKey } from '../../../src/crypto/signing-keys.ts'
import { DATA, digestInfoOf, ecdsa, type Opened, open, pkcs, pss, signingKey } from './signing-support.ts'

/** One byte more than what is hashed on the event loop. */
const LARGE = Buffer.alloc(16 * 1024 + 1)

const isImmediate = (signature: Buffer | Promise<Buffer>): boolean => Buffer.isBuffer(signature)
const sign = (key: SigningKey, data = DATA) => key.sign(pkcs('sha256', 'raw'), data)

describe('where RSA is signed', () => {
  let rsa: Opened
  before(async () => {
    rsa = await open()
  })
  after(() => rsa.signing.close())

  /** Signs one at a time, with whatever else there is read in between. */
  async function oneAtATime(count: number, key = rsa.signing, data = DATA): Promise<boolean[]> {
    const immediate: boolean[] = []
    while (immediate.length < count) {
      const signature = sign(key, data)
      immediate.push(isImmediate(signature))
      await signature
      for (let turn = 0; turn < 3; turn++) await nextTurn()
    }
    return immediate
  }

  /** The process has other events too: its output is read, a timer of the test runner is written. */
  async function untilAlone(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if ((await oneAtATime(12)).at(-1)) return
    }
    assert.fail('no signature was made on the event loop')
  }

  test('a caller who is alone for long enough is signed for on the event loop, by every mechanism that has a pool', async () => {
    await Promise.all([sign(rsa.signing), sign(rsa.signing)])
    assert.deepEqual(await oneAtATime(8), Array(8).fill(false))
    for (const [mechanism, data] of [
      [pkcs('sha256', 'raw'), DATA],
      [pss('sha256', 'raw'), DATA],
      [pkcs('sha256', 'digest'), digestInfoOf('sha256')],
      [{ name: 'rsa-pkcs-unhashed' }, digestInfoOf('sha256')],
    ] as const) {
      await untilAlone()
      const signature = rsa.signing.sign(mechanism, data)
      assert.equal(isImmediate(signature), true, mechanism.name)
      assert.equal(rsa.verifying.verify(mechanism, data, await signature), true, mechanism.name)
    }
  })

  test('many at once go to the pool, and so does what comes soon after', async () => {
    await untilAlone()
    const crowd = Array.from({ length: 64 }, () => sign(rsa.signing))
    assert.deepEqual(crowd.map(isImmediate), [true, ...Array(63).fill(false)])
    await Promise.all(crowd)
    assert.deepEqual(await oneAtATime(8), Array(8).fill(false))
  })

  test('one that waited while another was signed on the event loop goes to the pool, and what comes soon after', async () => {
    await untilAlone()
    const alone = sign(rsa.signing)
    await nextTurn()
    const waited = sign(rsa.signing)
    assert.deepEqual([alone, waited].map(isImmediate), [true, false])
    await waited
    assert.deepEqual(await oneAtATime(8), Array(8).fill(false))
  })

  test('one that comes while another is in the pool goes there, too', async () => {
    await untilAlone()
    const large = sign(rsa.signing, LARGE)
    assert.deepEqual([large, sign(rsa.signing)].map(isImmediate), [false, false])
    await large
  })

  test('the pool gets all again when the event loop does more in between than one caller makes it do', async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const connected = once(server, 'connection')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [served] = (await connected) as [Socket]
    t.after(() => {
      client.destroy()
      served.destroy()
      server.close()
    })
    const signAfter = async (requests: number): Promise<boolean> => {
      for (let request = 0; request < requests; request++) {
        const read = once(served, 'data')
        client.write('a request')
        await read
      }
      const signature = sign(rsa.signing)
      await signature
      return isImmediate(signature)
    }
    await untilAlone()
    assert.equal(await signAfter(6), false)
    assert.deepEqual(await oneAtATime(7), Array(7).fill(false))
    for (let use = 0; use < 20; use++) await signAfter(3)
    assert.equal(await signAfter(3), true)
    for (let use = 0; use < 20; use++) assert.equal(await signAfter(4), false)
  })

  test('long keys and long messages always go to the pool', async () => {
    const { pkcs8 } = await generateRsaPair(3072, 65_537)
    const long = signingKey('rsa', pkcs8)
    assert.ok((await oneAtATime(20, long)).every((immediate) => !immediate))
    assert.ok((await oneAtATime(20, rsa.signing, LARGE)).every((immediate) => !immediate))
    long.close()
  })
})

test('P-256 and Ed25519 leave the event loop only for long messages', async () => {
  for (const [family, mechanism] of [
    ['secp256r1', ecdsa('sha256', 'raw')],
    ['ed25519', { name: 'ed25519' }],
  ] as const) {
    const { signing, verifying } = await open(family)
    for (const data of [LARGE.subarray(1), LARGE]) {
      const signature = signing.sign(mechanism, data)
      assert.equal(isImmediate(signature), data !== LARGE, family)
      assert.equal(verifying.verify(mechanism, data, await signature), true)
    }
    signing.close()
  }
})
