import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { HASH_NAMES, HASHES, type Hash } from '../../../src/contract/algorithms.ts'
import type { KeyType } from '../../../src/contract/attributes.ts'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import { openMacKey } from '../../../src/crypto/macs.ts'
import { DATA, ecdsa, failsWith } from './signing-support.ts'

const macKey = (keyType: KeyType, hex: string) =>
  openMacKey(keyType, createSecretKey(Buffer.from(hex, 'hex')))
const hmac = (hash: Hash, length?: number): Mechanism => ({ name: 'hmac', hash, 'mac-length': length })
const cmac = (length?: number): Mechanism => ({ name: 'aes-cmac', 'mac-length': length })

/** RFC 4231 §4, and for SHA-1 RFC 2202 §3. */
const HMACS: readonly { key: string; data: string; macs: Partial<Record<Hash, string>> }[] = [
  {
    key: '0b'.repeat(20),
    data: 'Hi There',
    macs: {
      sha1: 'b617318655057264e28bc0b6fb378c8ef146be00',
      sha224: '896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22',
      sha256: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
      sha384:
        'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
      sha512:
        '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
    },
  },
  {
    key: Buffer.from('Jefe').toString('hex'),
    data: 'what do ya want for nothing?',
    macs: { sha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843' },
  },
  {
    key: '0c'.repeat(20),
    data: 'Test With Truncation',
    macs: { sha256: 'a3b6167473100ee06e0c796c2955552b', sha512: '415fad6271580a531d4179bc891d87a6' },
  },
  {
    key: 'aa'.repeat(131),
    data: 'Test Using Larger Than Block-Size Key - Hash Key First',
    macs: { sha256: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54' },
  },
]

test('HMAC: the vectors of RFC 4231 and RFC 2202', async () => {
  for (const { key, data, macs } of HMACS) {
    const opened = macKey('generic-secret', key)
    for (const [hash, hex] of Object.entries(macs) as [Hash, string][]) {
      const mechanism = hmac(hash, hex.length / 2)
      assert.equal((await opened.sign(mechanism, Buffer.from(data))).toString('hex'), hex)
      assert.equal(opened.verify(mechanism, Buffer.from(data), Buffer.from(hex, 'hex')), true)
    }
  }
})

const MESSAGE =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710'
/** NIST SP 800-38B appendix D: by the length of the message in bytes. */
const CMACS = [
  {
    key: '2b7e151628aed2a6abf7158809cf4f3c',
    macs: {
      0: 'bb1d6929e95937287fa37d129b756746',
      16: '070a16b46b4d4144f79bdd9dd04a287c',
      40: 'dfa66747de9ae63030ca32611497c827',
      64: '51f0bebf7e3b9d92fc49741779363cfe',
    },
  },
  {
    key: '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
    macs: {
      0: 'd17ddf46adaacde531cac483de7a9367',
      16: '9e99a7bf31e710900662f65e617c5184',
      40: '8a1de5be2eb31aad089a82e6ee908b0e',
      64: 'a1d5df0eed790f794d77589659f39a11',
    },
  },
  {
    key: '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    macs: {
      0: '028962f61b7bf89efc6b551f4667d983',
      16: '28a7023f452e8f82bd4bf28d8c37c35c',
      40: 'aaf3d8f1de5640c232f5b169b9c911e6',
      64: 'e1992190549f6ed5696a2c056c315410',
    },
  },
]

test('AES-CMAC: the vectors of SP 800-38B', async () => {
  for (const { key, macs } of CMACS) {
    const opened = macKey('aes', key)
    for (const [bytes, hex] of Object.entries(macs)) {
      const data = Buffer.from(MESSAGE, 'hex').subarray(0, Number(bytes))
      assert.equal((await opened.sign(cmac(), data)).toString('hex'), hex)
      assert.equal((await opened.sign(cmac(4), data)).toString('hex'), hex.slice(0, 8))
      assert.equal(opened.verify(cmac(), data, Buffer.from(hex, 'hex')), true)
    }
  }
})

test('whatever is not the MAC, to the byte and the length, is not valid', async () => {
  const secret = macKey('generic-secret', '0b'.repeat(32))
  const aes = macKey('aes', '0b'.repeat(32))
  for (const [key, mechanism] of [
    [secret, hmac('sha256')],
    [secret, hmac('sha256', 16)],
    [aes, cmac()],
    [aes, cmac(8)],
  ] as const) {
    const good = await key.sign(mechanism, DATA)
    const damaged = Buffer.from(good)
    damaged[0] = (damaged[0] ?? 0) ^ 0x80
    for (const bad of [damaged, good.subarray(1), good.subarray(0, -1), Buffer.alloc(0)]) {
      assert.equal(key.verify(mechanism, DATA, bad), false)
    }
    assert.equal(key.verify(mechanism, DATA, Buffer.concat([good, Buffer.of(0)])), false)
    assert.equal(key.verify(mechanism, Buffer.from('else'), good), false)
  }
})

test('no more can be kept of a MAC than there is', () => {
  const secret = macKey('generic-secret', '0b'.repeat(32))
  for (const hash of HASH_NAMES) {
    const { bytes } = HASHES[hash]
    const refused = failsWith('invalid-mechanism', new RegExp(`mac-length must be at most ${bytes}$`))
    assert.throws(() => secret.sign(hmac(hash, bytes + 1), DATA), refused)
    assert.throws(() => secret.begin(hmac(hash, bytes + 1)), refused)
  }
  const aes = macKey('aes', '0b'.repeat(16))
  assert.throws(
    () => aes.verify(cmac(17), DATA, Buffer.alloc(17)),
    failsWith('invalid-mechanism', /most 16$/),
  )
})

test('a secret key works only with the MAC of its type', () => {
  const mismatched = failsWith('key-type')
  const keys = [
    macKey('generic-secret', '0b'.repeat(16)),
    macKey('aes', '0b'.repeat(16)),
    macKey('des3', '0b'.repeat(24)),
  ]
  for (const [at, fitting] of [hmac('sha256').name, cmac().name, undefined].entries()) {
    for (const mechanism of [hmac('sha256'), cmac(), ecdsa('sha256', 'raw')]) {
      if (mechanism.name === fitting) continue
      assert.throws(() => keys[at]?.sign(mechanism, DATA), mismatched)
      assert.throws(() => keys[at]?.verify(mechanism, DATA, Buffer.alloc(16)), mismatched)
      assert.throws(() => keys[at]?.begin(mechanism), mismatched)
    }
  }
})
