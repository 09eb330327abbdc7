/** Keys that go to the `openssl` command and come from it, by the commands of the CLI. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import type { Engine } from '../../src/engine/engine.ts'
import { type TestShell, testShell } from '../support/cli.ts'
import { testEngine } from '../support/engine.ts'
import { createWorld, PASSWORD } from '../support/world.ts'

const run = promisify(execFile)
let folder = ''
let engine: Engine
let shell: TestShell

/** Runs the `openssl` command where the files are. */
const openssl = (line: string) => run('openssl', line.split(' '), { cwd: folder })
const put = (name: string, content: Uint8Array) => writeFile(join(folder, name), content)
const get = (name: string) => readFile(join(folder, name))

type Shown = { readonly attributes: Readonly<Record<string, unknown>> }
type Data = {
  readonly key: Shown
  readonly iv: string
  readonly wrapped_key_data: string
}

/** Paths in the line are relative to the folder. */
async function cli(line: string): Promise<Data> {
  const { text, exit } = await shell.run(line.replace(/(path) (?=\S)/g, `$1 ${folder}/`))
  assert.equal(exit, 0, `${line}\n${text}`)
  return (JSON.parse(text) as { data: Data }).data
}

const KEK = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
const PAYLOAD = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const KEK_CHECK = '0xf29000'
const PAYLOAD_CHECK = '0xfde4fb'

const OAEP_WORDS = '--hash-function sha256 --mgf mgf1-sha256'
const OAEP_OPTIONS = '-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256'
const PKCS1_OPTIONS = '-pkeyopt rsa_padding_mode:pkcs1'
const KW = 'enc -id-aes256-wrap -iv A6A6A6A6A6A6A6A6'
const KWP = 'enc -id-aes256-wrap-pad -iv A65959A6'
const KEYS = '--payload-filter attr.label=payload --wrapping-filter attr.label=kek'
const UNDER_THEIRS = '--payload-filter attr.label=payload --wrapping-filter attr.label=theirs'
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'strongroom-wrapping-'))
  engine = await testEngine()
  await createWorld(engine)
  shell = testShell(engine)
  await cli(`login --username alice --role crypto-user --password "${PASSWORD}"`)
  await cli(
    'key generate-asymmetric-pair rsa --modulus-size-bits 2048 --public-exponent 65537 --public-label ours-public --private-label ours --private-attributes unwrap=true',
  )
  await cli('key generate-file --encoding pem --path ours.pem --filter attr.label=ours-public')
  await openssl('genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out theirs.key')
  await openssl('pkey -in theirs.key -pubout -out theirs.pem')
  await cli(
    'key import pem --path theirs.pem --key-type-class rsa-public --label theirs --attributes wrap=true',
  )
  await put('kek', KEK)
  await put('payload', PAYLOAD)
  await openssl(`pkeyutl -encrypt -pubin -inkey ours.pem ${OAEP_OPTIONS} -in kek -out wrapped`)
  const kek = await cli(
    `key unwrap rsa-oaep --filter attr.label=ours --data-path wrapped --key-type-class aes --label kek --attributes wrap=true unwrap=true ${OAEP_WORDS}`,
  )
  assert.equal(kek.key.attributes['check-value'], KEK_CHECK)
  await openssl(`pkeyutl -encrypt -pubin -inkey ours.pem ${PKCS1_OPTIONS} -in payload -out wrapped`)
  const payload = await cli(
    'key unwrap rsa-pkcs --filter attr.label=ours --data-path wrapped --key-type-class aes --label payload',
  )
  assert.equal(payload.key.attributes['check-value'], PAYLOAD_CHECK)
})
after(async () => {
  await engine.close()
  rmSync(folder, { recursive: true })
})

/** The payload comes in under the KEK. */
async function arrives(mechanism: string, data: string): Promise<void> {
  const { key } = await cli(
    `key unwrap ${mechanism} --filter attr.label=kek --key-type-class aes --label back ${data}`,
  )
  assert.equal(key.attributes['check-value'], PAYLOAD_CHECK)
  assert.equal(key.attributes['key-length-bytes'], PAYLOAD.length)
}

suite('as the reference has it', () => {
  const GCM = '--tag-length-bits 64 --aad 0x10'
  const VECTORS = [
    ['aes-no-pad', '', 'ZOjD+c4PW6Jj6Xd5BYGKKpPIGR59born'],
    ['aes-zero-pad', '', 'r8hgAV/+LXW+30PERP5Y9K2dicTsceI7'],
    ['aes-pkcs5-pad', '', 'NCaxOGK1vyWt8/jI90s1+BgpIk2OdG63xdq6wdRy4hQ='],
    ['aes-gcm', `${GCM} --iv 0x0102030405060708090a0b0c`, 'Bft45qjBlvHEO8n83M4E1xggtNu5kYeh'],
    ['cloudhsm-aes-gcm', GCM, 'AQIDBAUGBwgJCgsMBft45qjBlvHEO8n83M4E1xggtNu5kYeh'],
  ] as const
  for (const [name, options, wrapped] of VECTORS) {
    test(name, async () => {
      await arrives(`${name} ${options}`, `--data ${wrapped}`)
      if (options !== '') return
      assert.equal((await cli(`key wrap ${name} ${KEYS}`)).wrapped_key_data, wrapped)
    })
  }
})

suite('keys under AES, with openssl enc', () => {
  const enc = (way: 'd' | 'e', cipher: string, from: string, to: string) =>
    openssl(`${cipher} -${way} -K ${hex(KEK)} -in ${from} -out ${to}`)

  for (const [name, cipher] of [
    ['aes-no-pad', KW],
    ['aes-zero-pad', KWP],
  ] as const) {
    test(name, async () => {
      await cli(`key wrap ${name} ${KEYS} --path wrapped`)
      await enc('d', cipher, 'wrapped', 'clear')
      assert.deepEqual(await get('clear'), PAYLOAD)
      await enc('e', cipher, 'payload', 'wrapped')
      await arrives(name, '--data-path wrapped')
    })
  }

  test('aes-pkcs5-pad', async () => {
    const padded = Buffer.concat([PAYLOAD, Buffer.alloc(8, 8)])
    await cli(`key wrap aes-pkcs5-pad ${KEYS} --path wrapped`)
    await enc('d', KW, 'wrapped', 'clear')
    assert.deepEqual(await get('clear'), padded)
    await put('padded', padded)
    await enc('e', KW, 'padded', 'wrapped')
    await arrives('aes-pkcs5-pad', '--data-path wrapped')
  })

  for (const [type, words, generate] of [
    ['rsa', 'rsa --modulus-size-bits 2048 --public-exponent 65537', 'RSA -pkeyopt rsa_keygen_bits:2048'],
    ['ec', 'ec --curve secp521r1', 'EC -pkeyopt ec_paramgen_curve:P-521'],
    ['ec', 'ec --curve ed25519', 'ED25519'],
  ] as const) {
    test(`private keys are PKCS #8: ${words}`, async () => {
      const label = words.replace(/\W/g, '-')
      await cli(
        `key generate-asymmetric-pair ${words} --public-label ${label}-public --private-label ${label}`,
      )
      await cli(`key generate-file --encoding pem --path public.pem --filter attr.label=${label}-public`)
      const { key } = await cli(
        `key import pem --path public.pem --key-type-class ${type}-public --label copy`,
      )
      await cli(
        `key wrap aes-zero-pad --payload-filter attr.label=${label} --wrapping-filter attr.label=kek --path wrapped`,
      )
      await enc('d', KWP, 'wrapped', 'private.der')
      await openssl('pkey -inform DER -in private.der -pubout -out same.pem')
      assert.deepEqual(await get('same.pem'), await get('public.pem'))

      await openssl(`genpkey -algorithm ${generate} -outform DER -out private.der`)
      await openssl('pkcs8 -topk8 -nocrypt -inform DER -in private.der -outform DER -out private.p8')
      await openssl('pkey -inform DER -in private.der -pubout -out public.pem')
      await enc('e', KWP, 'private.p8', 'wrapped')
      const back = await cli(
        `key unwrap aes-zero-pad --filter attr.label=kek --data-path wrapped --key-type-class ${type}-private --label theirs-${label}`,
      )
      const their = await cli(`key import pem --path public.pem --key-type-class ${type}-public --label copy`)
      assert.equal(back.key.attributes['check-value'], their.key.attributes['check-value'])
      assert.notEqual(back.key.attributes['check-value'], key.attributes['check-value'])
    })
  }
})

suite('keys under AES-GCM, with node:crypto', () => {
  const iv = randomBytes(12)
  const sealed = () => {
    const cipher = createCipheriv('aes-256-gcm', KEK, iv, { authTagLength: 12 })
    const body = cipher.setAAD(Buffer.from('aad')).update(PAYLOAD)
    return Buffer.concat([body, cipher.final(), cipher.getAuthTag()])
  }
  const opened = (nonce: Buffer, bytes: Buffer): Buffer => {
    const decipher = createDecipheriv('aes-256-gcm', KEK, nonce, { authTagLength: 12 })
    decipher.setAAD(Buffer.from('aad')).setAuthTag(bytes.subarray(-12))
    return Buffer.concat([decipher.update(bytes.subarray(0, -12)), decipher.final()])
  }
  const options = `--tag-length-bits 96 --aad ${hex(Buffer.from('aad'))}`

  test('aes-gcm', async () => {
    const made = await cli(`key wrap aes-gcm ${KEYS} ${options} --path wrapped`)
    assert.deepEqual(opened(Buffer.from(made.iv.slice(2), 'hex'), await get('wrapped')), PAYLOAD)
    await put('wrapped', sealed())
    await arrives('aes-gcm', `${options} --iv ${hex(iv)} --data-path wrapped`)
  })

  test('cloudhsm-aes-gcm', async () => {
    await cli(`key wrap cloudhsm-aes-gcm ${KEYS} ${options} --path wrapped`)
    const wrapped = await get('wrapped')
    assert.deepEqual(opened(wrapped.subarray(0, 12), wrapped.subarray(12)), PAYLOAD)
    await put('wrapped', Buffer.concat([iv, sealed()]))
    await arrives('cloudhsm-aes-gcm', `${options} --data-path wrapped`)
  })
})

suite('keys under RSA, with openssl pkeyutl', () => {
  const decrypt = (options: string, from: string, to: string) =>
    openssl(`pkeyutl -decrypt -inkey theirs.key ${options} -in ${from} -out ${to}`)

  test('rsa-pkcs', async () => {
    await cli(`key wrap rsa-pkcs ${UNDER_THEIRS} --path wrapped`)
    await decrypt(PKCS1_OPTIONS, 'wrapped', 'clear')
    assert.deepEqual(await get('clear'), PAYLOAD)
  })

  for (const hash of ['sha1', 'sha224', 'sha256', 'sha384', 'sha512']) {
    test(`rsa-oaep with ${hash}`, async () => {
      const words = `--hash-function ${hash} --mgf mgf1-${hash}`
      const options = OAEP_OPTIONS.replaceAll('sha256', hash)
      await cli(`key wrap rsa-oaep ${UNDER_THEIRS} ${words} --path wrapped`)
      await decrypt(options, 'wrapped', 'clear')
      assert.deepEqual(await get('clear'), PAYLOAD)
      await openssl(`pkeyutl -encrypt -pubin -inkey ours.pem ${options} -in payload -out wrapped`)
      const { key } = await cli(
        `key unwrap rsa-oaep --filter attr.label=ours --data-path wrapped --key-type-class aes --label back ${words}`,
      )
      assert.equal(key.attributes['check-value'], PAYLOAD_CHECK)
    })
  }

  test('rsa-aes', async () => {
    await cli(`key wrap rsa-aes ${UNDER_THEIRS} ${OAEP_WORDS} --path wrapped`)
    const wrapped = await get('wrapped')
    assert.equal(wrapped.length, 256 + 24)
    await put('head', wrapped.subarray(0, 256))
    await put('tail', wrapped.subarray(256))
    await decrypt(OAEP_OPTIONS, 'head', 'ephemeral')
    await openssl(`${KWP} -d -K ${hex(await get('ephemeral'))} -in tail -out clear`)
    assert.deepEqual(await get('clear'), PAYLOAD)

    await openssl('rand -out ephemeral 32')
    await openssl(`pkeyutl -encrypt -pubin -inkey ours.pem ${OAEP_OPTIONS} -in ephemeral -out head`)
    await openssl('genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key')
    await openssl('pkcs8 -topk8 -nocrypt -in ec.key -outform DER -out ec.p8')
    await openssl('pkey -in ec.key -pubout -out ec.pem')
    await openssl(`${KWP} -e -K ${hex(await get('ephemeral'))} -in ec.p8 -out tail`)
    await put('wrapped', Buffer.concat([await get('head'), await get('tail')]))
    await cli(
      `key unwrap rsa-aes --filter attr.label=ours --data-path wrapped --key-type-class ec-private --label signer --attributes sign=true ${OAEP_WORDS}`,
    )
    await cli(
      'crypto sign ecdsa --key-filter attr.label=signer --hash-function sha256 --data-path payload --format der --signature-path signature',
    )
    const { stdout } = await openssl('dgst -sha256 -verify ec.pem -signature signature payload')
    assert.equal(stdout, 'Verified OK\n')
  })
})

test('openssl reads files that name a private key, and takes the public key from them', async () => {
  for (const [words, label] of [
    ['rsa --modulus-size-bits 2048 --public-exponent 65537', 'r'],
    ['ec --curve secp224r1', 'p224'],
    ['ec --curve secp521r1', 'p521'],
  ] as const) {
    await cli(`key generate-asymmetric-pair ${words} --public-label ${label}-public --private-label ${label}`)
    await cli(`key generate-file --encoding pem --path public.pem --filter attr.label=${label}-public`)
    await cli(`key generate-file --encoding reference-pem --path reference.pem --filter attr.label=${label}`)
    await openssl('pkey -in reference.pem -pubout -out same.pem')
    assert.deepEqual(await get('same.pem'), await get('public.pem'))
  }
})
