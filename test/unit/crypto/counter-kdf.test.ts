import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createSecretKey, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { HASH_NAMES } from '../../../src/contract/algorithms.ts'
import type { Derivation } from '../../../src/contract/mechanisms.ts'
import { deriveByCounter } from '../../../src/crypto/counter-kdf.ts'

type CounterKdf = Extract<Derivation, { name: 'counter-kdf' }>

/** Of NIST's CAVP, KDFCTR_gen.rsp (CAVS 14.4). */
const CAVP = [
  {
    what: 'CMAC_AES128, BEFORE_FIXED, 8 bits, COUNT=10',
    prf: 'aes-cmac',
    bits: 8,
    key: '682e814d872397eba71170a693514904',
    before: '',
    after:
      'e323cdfa7873a0d72cd86ffb4468744f097db60498f7d0e3a43bafd2d1af675e4a88338723b1236199705357c47bf1d89b2f4617a340980e6331625c',
    derived: 'dac9b6ca405749cfb065a0f1e42c7c4224d3d5db32fdafe9dee6ca193316f2c7',
  },
  {
    what: 'CMAC_AES256, MIDDLE_FIXED, 32 bits, COUNT=10',
    prf: 'aes-cmac',
    bits: 32,
    key: '03c87096c0282d5b1ddf2a299146753be74d9e5c32faaa6d1b5fa0f492e6089c',
    before:
      'f6fc9dab4e84572415f1063c8f714d28fcf26d0934b4d8b427e066d7d20ad5603dd3f84e5aa2088069a6255544dfb8530d54',
    after: '5466acf92f237fb41200',
    derived: 'c9c87e81c4efc517cfa1ab9e00735ca0c6458d2894b10dc3d8aa6095c48eba7a',
  },
  {
    what: 'CMAC_AES256, MIDDLE_FIXED, 32 bits, COUNT=20',
    prf: 'aes-cmac',
    bits: 32,
    key: '7a79a7fe9acfd41457647021f7f71b563a4c9beebaa9c42493a67c7ae37c6fe9',
    before:
      '147c6a713ed9fa82760612aa34bd95459cc2733a13837f4e487fd9a5c47203f11d8eeca8b6e05d6bf51354628d261a3abe33',
    after: '244116ae6e10b45bd4e8',
    derived: '6ce70d86537d32f5569a37334d241888f996855f',
  },
  {
    what: 'HMAC_SHA256, AFTER_FIXED, 16 bits, COUNT=30',
    prf: 'hmac-sha256',
    bits: 16,
    key: '357e401a680c447f2fb0e25171d8784d25ce9a4400bbfe04710526e98c69d347',
    before:
      '32d6f66942c9a7cb28be7a58edd6e7e59850cf813014735284c276f39f4cbdea20ecfc8fd4fdc1abe3f7df78dddadf33f5e822ab771b29d2d5d2d384',
    after: '',
    derived: 'cc877a51b8bf6dca6c622822706732eb82cc4d666865f65cb797df896a3aae7d532f67670bead853',
  },
  {
    what: 'HMAC_SHA256, AFTER_FIXED, 24 bits, COUNT=10',
    prf: 'hmac-sha256',
    bits: 24,
    key: '8646bde150d4cd788788b1120851f809270a15be737adf3839c788fd5cce6f17',
    before:
      'd2e4135ae1218113a4385b8d8cf24941ec4eef5cc6f84245ef0028ea8faf955bdc93d1cfd32d9afd063d29456b2f0deb363df28b8fdab6d227df7d6c',
    after: '',
    derived: '026e56334223324dca9b2f856c954b8083190cf243a9f7a7dfba301dc181cca9',
  },
] as const

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

suite('the key derivation function in counter mode', () => {
  for (const { what, prf, bits, key, before, after, derived } of CAVP) {
    test(what, () => {
      const mechanism: CounterKdf = {
        name: 'counter-kdf',
        prf,
        'counter-bits': bits,
        'before-counter': hex(before),
        'after-counter': hex(after),
      }
      const expected = hex(derived)
      assert.deepEqual(deriveByCounter(createSecretKey(hex(key)), mechanism, expected.length), expected)
    })
  }

  for (const prf of ['aes-cmac', ...HASH_NAMES.map((hash) => `hmac-${hash}` as const)] as const) {
    test(`as OpenSSL's KBKDF has it, where the counter comes first: ${prf}`, () => {
      const [key, after] = [randomBytes(32), randomBytes(50)]
      const mechanism = { name: 'counter-kdf', prf, 'counter-bits': 32, 'after-counter': after } as const
      const derived = deriveByCounter(createSecretKey(key), mechanism, 200)
      assert.deepEqual(derived, kbkdf(prf, { key, info: after, bytes: derived.length }))
    })
  }

  test('does without anything but the counter', () => {
    const key = randomBytes(16)
    const bare: CounterKdf = { name: 'counter-kdf', prf: 'aes-cmac', 'counter-bits': 8 }
    const empty = { ...bare, 'before-counter': Buffer.alloc(0), 'after-counter': Buffer.alloc(0) }
    const derived = deriveByCounter(createSecretKey(key), bare, 40)
    assert.deepEqual(derived, deriveByCounter(createSecretKey(key), empty, 40))
    assert.deepEqual(derived.subarray(0, 16), deriveByCounter(createSecretKey(key), bare, 16))
  })
})

type Input = {
  readonly key: Buffer
  readonly info: Buffer
  readonly bytes: number
}

/** EVP_KDF-KB(7), of the command: with a counter of 32 bits, like every version of it. */
function kbkdf(prf: CounterKdf['prf'], { key, info, bytes }: Input): Buffer {
  const mac =
    prf === 'aes-cmac'
      ? ['mac:CMAC', 'cipher:AES-256-CBC']
      : ['mac:HMAC', `digest:${prf.slice('hmac-'.length)}`]
  const fixed = ['mode:counter', 'use-l:0', 'use-separator:0']
  const options = [...mac, ...fixed, `hexkey:${key.toString('hex')}`, `hexinfo:${info.toString('hex')}`]
  return execFileSync('openssl', [
    'kdf',
    '-binary',
    '-keylen',
    String(bytes),
    ...options.flatMap((option) => ['-kdfopt', option]),
    'KBKDF',
  ])
}
