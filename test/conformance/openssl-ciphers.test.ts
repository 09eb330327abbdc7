import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPrivateKey, createPublicKey, createSecretKey, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { HASH_NAMES } from '../../src/contract/algorithms.ts'
import type { Cipher, Mechanism } from '../../src/contract/mechanisms.ts'
import { generateEcPair, generateRsaPair, type KeyPair } from '../../src/crypto/key-pairs.ts'
import { openMacKey } from '../../src/crypto/macs.ts'
import { toPem } from '../../src/crypto/public-facts.ts'
import { decrypt, encrypt } from '../unit/crypto/ciphers/cipher-support.ts'
import { signingKey, verifyingKey } from '../unit/crypto/signing-support.ts'

const run = promisify(execFile)
let folder = ''

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'strongroom-openssl-'))
})
after(() => rmSync(folder, { recursive: true }))

/** Runs the `openssl` command where the files are. */
const openssl = (...words: string[]) => run('openssl', words, { cwd: folder })
const put = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content)
const get = (name: string) => readFile(join(folder, name))

const IV = { 16: randomBytes(16), 8: randomBytes(8) }
const iv = (bytes: 8 | 16): Buffer => IV[bytes]

/** Each with the name that `openssl enc` has for it, and the bytes of the key and of the IV. */
const SYMMETRIC: readonly (readonly [Cipher, string, number, 0 | 8 | 16])[] = [
  [{ name: 'aes-ecb' }, 'aes-128-ecb', 16, 0],
  [{ name: 'aes-cbc', iv: iv(16) }, 'aes-192-cbc', 24, 16],
  [{ name: 'aes-cbc-pad', iv: iv(16) }, 'aes-256-cbc', 32, 16],
  [{ name: 'aes-ctr', 'counter-block': iv(16), 'counter-bits': 128 }, 'aes-256-ctr', 32, 16],
  [{ name: 'des3-ecb' }, 'des-ede3', 24, 0],
  [{ name: 'des3-cbc', iv: iv(8) }, 'des-ede3-cbc', 24, 8],
  [{ name: 'des3-cbc-pad', iv: iv(8) }, 'des-ede3-cbc', 24, 8],
]

for (const [cipher, name, keyBytes, ivBytes] of SYMMETRIC) {
  test(`${cipher.name} and openssl enc -${name} read each other`, async () => {
    const value = randomBytes(keyBytes)
    const key = createSecretKey(value)
    const padded = cipher.name.endsWith('-pad')
    const plain = randomBytes(padded ? 1001 : 1008)
    const nonce = ivBytes === 0 ? [] : ['-iv', IV[ivBytes].toString('hex')]
    const words = ['enc', `-${name}`, '-K', value.toString('hex'), ...nonce, ...(padded ? [] : ['-nopad'])]
    await put('plain', plain)
    await put('sealed', await encrypt(key, cipher, plain))
    await openssl(...words, '-d', '-in', 'sealed', '-out', 'opened')
    assert.deepEqual(await get('opened'), plain)
    await openssl(...words, '-e', '-in', 'plain', '-out', 'sealed')
    assert.deepEqual(await decrypt(key, cipher, await get('sealed')), plain)
  })
}

test('RSA encryption and openssl pkeyutl read each other', async () => {
  const pair = await generateRsaPair(2048, 65_537)
  await putPair(pair)
  const privateKey = privateKeyOf(pair)
  const publicKey = createPublicKey(privateKey)
  const oaep = HASH_NAMES.flatMap((hash) =>
    (['sha1', hash] as const).map((mgf): [Cipher, string[]] => [
      { name: 'rsa-oaep', hash, mgf: `mgf1-${mgf}`, label: Buffer.from('label') },
      [
        'rsa_padding_mode:oaep',
        `rsa_oaep_md:${hash}`,
        `rsa_mgf1_md:${mgf}`,
        `rsa_oaep_label:${Buffer.from('label').toString('hex')}`,
      ],
    ]),
  )
  const message = randomBytes(40)
  const block = Buffer.concat([Buffer.alloc(8), randomBytes(248)])
  const rows: readonly (readonly [Cipher, readonly string[], Buffer])[] = [
    ...oaep.map(([cipher, options]) => [cipher, options, message] as const),
    [{ name: 'rsa-pkcs' }, ['rsa_padding_mode:pkcs1'], message],
    [{ name: 'rsa-x509' }, ['rsa_padding_mode:none'], block],
  ]
  for (const [cipher, options, plain] of rows) {
    const words = options.flatMap((option) => ['-pkeyopt', option])
    await put('plain', plain)
    await put('sealed', await encrypt(publicKey, cipher, plain))
    await openssl('pkeyutl', '-decrypt', '-inkey', 'private.pem', ...words, '-in', 'sealed', '-out', 'opened')
    assert.deepEqual(await get('opened'), plain, JSON.stringify(cipher))
    const theirs = ['-pubin', '-inkey', 'public.pem', ...words, '-in', 'plain', '-out', 'sealed']
    await openssl('pkeyutl', '-encrypt', ...theirs)
    assert.deepEqual(await decrypt(privateKey, cipher, await get('sealed')), plain, JSON.stringify(cipher))
  }
})

test('Ed25519 and openssl pkeyutl accept each other', async () => {
  const pair = await generateEcPair('ed25519')
  await putPair(pair)
  const message = randomBytes(5000)
  await put('data', message)
  const mechanism = { name: 'ed25519' } as const
  const signing = signingKey('ed25519', pair.pkcs8)
  await put('ours', await signing.sign(mechanism, message))
  signing.close()
  const pubin = ['-pubin', '-inkey', 'public.pem', '-rawin', '-in', 'data']
  const { stdout } = await openssl('pkeyutl', '-verify', ...pubin, '-sigfile', 'ours')
  assert.match(stdout, /Verified Successfully/)
  const words = ['-inkey', 'private.pem', '-rawin', '-in', 'data', '-out', 'theirs']
  await openssl('pkeyutl', '-sign', ...words)
  assert.ok(verifyingKey('ed25519', pair.spki).verify(mechanism, message, await get('theirs')))
})

test('HMAC and AES-CMAC are those of openssl mac', async () => {
  const message = randomBytes(5000)
  await put('data', message)
  const mac = async (
    type: 'generic-secret' | 'aes',
    value: Buffer,
    mechanism: Mechanism,
    words: string[],
  ) => {
    const ours = await openMacKey(type, createSecretKey(value)).sign(mechanism, message)
    const options = ['-macopt', `hexkey:${value.toString('hex')}`, '-in', 'data']
    const { stdout } = await openssl('mac', ...words, ...options, type === 'aes' ? 'CMAC' : 'HMAC')
    assert.equal(ours.toString('hex'), stdout.trim().toLowerCase(), JSON.stringify(mechanism))
  }
  for (const hash of HASH_NAMES) {
    await mac('generic-secret', randomBytes(100), { name: 'hmac', hash }, ['-digest', hash])
  }
  for (const bytes of [16, 24, 32]) {
    await mac('aes', randomBytes(bytes), { name: 'aes-cmac' }, ['-cipher', `aes-${8 * bytes}-cbc`])
  }
})

const privateKeyOf = ({ pkcs8 }: KeyPair) => createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })

async function putPair(pair: KeyPair): Promise<void> {
  await put('private.pem', privateKeyOf(pair).export({ type: 'pkcs8', format: 'pem' }))
  await put('public.pem', toPem(pair.spki))
}
