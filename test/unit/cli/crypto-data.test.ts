import assert from 'node:assert/strict'
import { createDecipheriv, createPublicKey, randomBytes, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { type TestShell, testShell } from '../../support/cli.ts'
import { bringRsa, bringSecret, makeSigningPair } from '../../support/crypto-keys.ts'
import { testEngine } from '../../support/engine.ts'
import { createWorld, PASSWORD, type World } from '../../support/world.ts'

/** The commands of `crypto` on a real HSM, with data in files of all sizes. */
suite('crypto commands', () => {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-cli-'))
  const path = (name: string): string => join(directory, name)
  let engine: Engine
  let world: World
  let shell: TestShell
  before(async () => {
    engine = await testEngine()
    world = await createWorld(engine)
    shell = testShell(engine)
    await shell.run(`login --username alice --role crypto-user --password "${PASSWORD}"`)
  })
  after(async () => {
    await engine.close()
    rmSync(directory, { recursive: true })
  })

  function file(name: string, content: string | Uint8Array): string {
    writeFileSync(path(name), content)
    return path(name)
  }
  async function fails(line: string): Promise<string> {
    const { text, exit } = await shell.run(line)
    assert.equal(exit, 1, text)
    return (JSON.parse(text) as { data: string }).data
  }
  async function works(line: string): Promise<Record<string, string>> {
    const { text, exit } = await shell.run(line)
    assert.equal(exit, 0, text)
    return (JSON.parse(text) as { data: Record<string, string> }).data
  }
  const key = (reference: string): string => `--key-filter key-reference=${reference}`
  const publicKey = async (reference: string) => {
    const request = { filter: [`key-reference=${reference}`] }
    return createPublicKey((await world.as('alice', 'key.export-public', request)).pem)
  }
  const LARGE = randomBytes(LIMITS.dataBytes * 2 + 77)

  test('ed25519 takes 16,000 bytes', async () => {
    const { priv, pub } = await makeSigningPair(world, 'alice', 'ed25519')
    const data = randomBytes(16_000)
    const most = file('most', data)
    const { signature = '' } = await works(`crypto sign ed25519 ${key(priv)} --data-path ${most}`)
    assert.ok(verify(null, data, await publicKey(pub), Buffer.from(signature, 'base64')))
    await works(`crypto verify ed25519 ${key(pub)} --data-path ${most} --signature ${signature}`)
    const more = file('more', Buffer.concat([data, Buffer.of(0)]))
    for (const line of [
      `crypto sign ed25519 ${key(priv)} --data-path ${more}`,
      `crypto verify ed25519 ${key(pub)} --data-path ${more} --signature ${signature}`,
    ]) {
      assert.equal(await fails(line), `--data-path: ${more} is larger than 16000 bytes`)
    }
    const text = Buffer.alloc(16_001).toString('base64')
    assert.equal(
      await fails(`crypto sign ed25519 ${key(priv)} --data ${text}`),
      '--data is larger than 16000 bytes',
    )
  })

  test('ed25519ph and ml-dsa take more than fits into one request', async () => {
    const large = file('large', LARGE)
    const ed = await makeSigningPair(world, 'alice', 'ed25519')
    const ph = '--hash-function sha512 --data-type raw'
    const mlDsa = await makeSigningPair(world, 'alice', 'ML-DSA-44')
    const shake = '--hash-function shake256 --data-type raw'
    const rows = [
      ['ed25519ph', ph, ed],
      ['ml-dsa', shake, mlDsa],
    ] as const
    for (const [name, options, { priv, pub }] of rows) {
      const signature = path(`${name}.sig`)
      const data = `--data-path ${large} --signature-path ${signature}`
      await works(`crypto sign ${name} ${key(priv)} ${options} ${data}`)
      await works(`crypto verify ${name} ${key(pub)} ${options} ${data}`)
      const other = `--data-path ${file('other', LARGE.subarray(1))} --signature-path ${signature}`
      assert.equal(
        await fails(`crypto verify ${name} ${key(pub)} ${options} ${other}`),
        'Signature verification failed',
      )
    }
    assert.ok(verify(null, LARGE, await publicKey(mlDsa.pub), readFileSync(path('ml-dsa.sig'))))
    const tooLarge = file('too-large', Buffer.alloc(LIMITS.streamBufferBytes + 1))
    assert.match(
      await fails(`crypto sign ml-dsa ${key(mlDsa.priv)} ${shake} --data-path ${tooLarge}`),
      /ml-dsa takes at most 4194304 bytes/,
    )
  })

  test('an ECDSA signature is r and s, or DER, as it is asked for', async () => {
    const { priv, pub } = await makeSigningPair(world, 'alice', 'secp256r1')
    const options = '--hash-function sha256 --data aGVsbG8='
    const check = `crypto verify ecdsa ${key(pub)} ${options}`
    for (const [format, dsaEncoding] of [
      ['raw', 'ieee-p1363'],
      ['der', 'der'],
    ] as const) {
      const signature = path(`ecdsa.${format}`)
      const asked = `--format ${format} --signature-path ${signature}`
      await works(`crypto sign ecdsa ${key(priv)} ${options} ${asked}`)
      const encoded = { key: await publicKey(pub), dsaEncoding }
      assert.ok(verify('sha256', Buffer.from('hello'), encoded, readFileSync(signature)), format)
      await works(`${check} ${asked}`)
      const other = format === 'raw' ? 'der' : 'raw'
      const wrong = `--format ${other} --signature-path ${signature}`
      assert.equal(await fails(`${check} ${wrong}`), 'Signature verification failed')
    }
    const { signature } = await works(`crypto sign ecdsa ${key(priv)} ${options} --format der`)
    await works(`${check} --format der --signature ${signature}`)
  })

  test('a MAC over more than fits into one request', async () => {
    const secret = (await bringSecret(world, 'alice', 'generic-secret')).key
    const options = `${key(secret)} --hash-function sha384 --data-path ${file('large', LARGE)}`
    await works(`crypto mac generate hmac ${options} --mac-path ${path('mac')}`)
    assert.equal(readFileSync(path('mac')).length, 48)
    await works(`crypto mac verify hmac ${options} --mac-path ${path('mac')}`)
    await works(`crypto mac verify hmac ${options} --mac ${readFileSync(path('mac')).toString('base64')}`)
  })

  test('aes-gcm: small and large data, through files that keep the data to their owner', async () => {
    const { key: aes, value } = await bringSecret(world, 'alice', 'aes')
    for (const data of [
      Buffer.alloc(0),
      Buffer.from('hello'),
      LARGE,
      Buffer.alloc(LIMITS.streamBufferBytes),
    ]) {
      const options = `${key(aes)} --aad 00ff --tag-length-bits 96 --ciphertext-path ${path('sealed')}`
      const { iv = '' } = await works(`crypto encrypt aes-gcm ${options} --data-path ${file('data', data)}`)
      const sealed = readFileSync(path('sealed'))
      const there = createDecipheriv('aes-256-gcm', value, Buffer.from(iv.slice(2), 'hex'), {
        authTagLength: 12,
      })
      there.setAAD(Buffer.of(0, 255)).setAuthTag(sealed.subarray(-12))
      assert.ok(Buffer.concat([there.update(sealed.subarray(0, -12)), there.final()]).equals(data))
      await works(`crypto decrypt aes-gcm ${options} --iv ${iv} --data-path ${path('opened')}`)
      assert.ok(readFileSync(path('opened')).equals(data))
      assert.equal(statSync(path('opened')).mode & 0o777, 0o600)
    }
    const more = file('data', Buffer.alloc(LIMITS.streamBufferBytes + 1))
    assert.equal(
      await fails(`crypto encrypt aes-gcm ${key(aes)} --data-path ${more}`),
      `--data-path: ${more} is larger than 4194304 bytes`,
    )
  })

  test('aes-gcm: of a file that was changed nothing is written', async () => {
    const { key: aes } = await bringSecret(world, 'alice', 'aes')
    const options = `${key(aes)} --ciphertext-path ${path('sealed')}`
    const { iv } = await works(`crypto encrypt aes-gcm ${options} --data-path ${file('data', LARGE)}`)
    const sealed = readFileSync(path('sealed'))
    sealed[5] = (sealed[5] ?? 0) ^ 1
    file('sealed', sealed)
    assert.equal(
      await fails(`crypto decrypt aes-gcm ${options} --iv ${iv} --data-path ${path('never')}`),
      'Decryption failed',
    )
    assert.throws(() => readFileSync(path('never')), { code: 'ENOENT' })
    assert.equal(await fails(`crypto decrypt aes-gcm ${options} --iv 0x123`), '--iv must be hexadecimal')
    assert.equal(
      await fails(`crypto decrypt aes-gcm ${key(aes)} --ciphertext x --iv ${iv}`),
      '--ciphertext must be base64',
    )
  })

  test('rsa-oaep', async () => {
    const rsa = await bringRsa(world, 'alice')
    const padding = '--hash-function sha256 --mgf mgf1-sha256'
    const { ciphertext } = await works(`crypto encrypt rsa-oaep ${key(rsa.pub)} ${padding} --data aGVsbG8=`)
    const opened = await works(
      `crypto decrypt rsa-oaep ${key(rsa.priv)} ${padding} --ciphertext ${ciphertext}`,
    )
    assert.deepEqual(opened, { 'key-reference': rsa.priv, data: 'aGVsbG8=' })
    const long = file('long', Buffer.alloc(191))
    assert.equal(
      await fails(`crypto encrypt rsa-oaep ${key(rsa.pub)} ${padding} --data-path ${long}`),
      'data must be at most 190 bytes with this key and mechanism',
    )
    assert.equal(
      await fails(
        `crypto decrypt rsa-oaep ${key(rsa.priv)} --hash-function sha1 --mgf mgf1-sha1 --ciphertext ${ciphertext}`,
      ),
      'Decryption failed',
    )
  })
})
