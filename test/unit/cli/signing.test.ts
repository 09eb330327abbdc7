import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmod, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import { testShell } from '../../support/cli.ts'
import { type StubHsm, stubHsm } from '../../support/stub-hsm.ts'

const directory = mkdtempSync(join(tmpdir(), 'strongroom-cli-'))
after(() => rmSync(directory, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

const KEY = '--key-filter key-reference=0x1 --hash-function sha256'
const LOGIN = 'login --username ines --role crypto-user --password password'

async function run(hsm: StubHsm, line: string) {
  const shell = testShell(hsm)
  await shell.run(LOGIN)
  const { text, exit } = await shell.run(line)
  return {
    reply: JSON.parse(text) as unknown,
    exit,
    request: hsm.asked[1]?.request as Record<string, unknown>,
  }
}

const signer = () => stubHsm({ 'crypto.sign': { 'key-reference': '0x01', signatures: ['c2ln'] } })
const verifier = (verified = true) =>
  stubHsm({ 'crypto.verify': { 'key-reference': '0x01', verified: [verified] } })

suite('crypto sign', () => {
  test('sends small data as it is', async () => {
    const path = file('small', 'hello')
    for (const source of [`--data-path ${path}`, '--data aGVsbG8=', '--data aGVsbG8= --data-type raw']) {
      const { reply, request } = await run(signer(), `crypto sign ecdsa ${KEY} ${source}`)
      assert.deepEqual(reply, { error_code: 0, data: { 'key-reference': '0x01', signature: 'c2ln' } })
      assert.deepEqual(request, {
        filter: ['key-reference=0x1'],
        mechanism: { name: 'ecdsa', hash: 'sha256', input: 'raw' },
        data: ['aGVsbG8='],
      })
    }
  })

  test('hashes large data, and only that', async () => {
    const most = randomBytes(LIMITS.dataBytes)
    const larger = Buffer.concat([most, Buffer.of(1)])
    const digest = createHash('sha256').update(larger).digest()
    const path = file('larger', larger)

    const whole = await run(signer(), `crypto sign ecdsa ${KEY} --data-path ${file('most', most)}`)
    assert.deepEqual(whole.request['data'], [most.toString('base64')])

    const ecdsa = await run(signer(), `crypto sign ecdsa ${KEY} --data-path ${path}`)
    assert.deepEqual(ecdsa.request['mechanism'], { name: 'ecdsa', hash: 'sha256', input: 'digest' })
    assert.deepEqual(ecdsa.request['data'], [digest.toString('base64')])

    const pss = await run(
      signer(),
      `crypto sign rsa-pkcs-pss ${KEY} --mgf mgf1-sha256 --salt-length 32 --data ${larger.toString('base64')}`,
    )
    assert.deepEqual(pss.request['mechanism'], {
      name: 'rsa-pkcs-pss',
      hash: 'sha256',
      input: 'digest',
      mgf: 'mgf1-sha256',
      'salt-length': 32,
    })
    assert.deepEqual(pss.request['data'], [digest.toString('base64')])

    const pkcs = await run(signer(), `crypto sign rsa-pkcs ${KEY} --data-path ${path}`)
    const prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex') // RFC 8017 §9.2 note 1
    assert.deepEqual(pkcs.request['data'], [Buffer.concat([prefix, digest]).toString('base64')])
  })

  test('leaves a digest alone', async () => {
    const { request } = await run(signer(), `crypto sign rsa-pkcs ${KEY} --data-type digest --data AAEC`)
    assert.deepEqual(request['mechanism'], { name: 'rsa-pkcs', hash: 'sha256', input: 'digest' })
    assert.deepEqual(request['data'], ['AAEC'])
  })

  test('a digest has a limit', async () => {
    const path = file('digest', new Uint8Array(LIMITS.dataBytes + 1))
    const { reply } = await run(
      signer(),
      `crypto sign rsa-pkcs ${KEY} --data-type digest --data-path ${path}`,
    )
    assert.deepEqual(reply, {
      error_code: 1,
      data: `--data-path: ${path} is larger than ${LIMITS.dataBytes} bytes`,
    })
  })
})

suite('crypto verify', () => {
  const signature = randomBytes(64)
  const base64 = signature.toString('base64')
  const verify = `crypto verify ecdsa ${KEY} --data aGVsbG8=`
  const sources = [
    ['an option', `--signature ${base64}`],
    ['a file of bytes', `--signature-path ${file('bytes', signature)}`],
    ['a file of base64', `--signature-path ${file('base64', base64)}`],
    [
      'a file of base64 in lines',
      `--signature-path ${file('lines', `${base64.replace(/.{20}/g, '$&\n')}\n`)}`,
    ],
  ] as const
  for (const [name, source] of sources) {
    test(`takes the signature from ${name}`, async () => {
      const { reply, request } = await run(verifier(), `${verify} ${source}`)
      assert.deepEqual(reply, { error_code: 0, data: { message: 'Signature verified successfully' } })
      assert.deepEqual(request['signatures'], [base64])
    })
  }

  test('reads DER to the width that the curve of the key has, however small the numbers are', async () => {
    const small = Buffer.from('3006020101020102', 'hex').toString('base64')
    for (const [curve, width] of [
      ['secp256r1', 32],
      ['secp521r1', 66],
    ] as const) {
      const hsm = stubHsm({
        'key.list': { matched_keys: [{ attributes: { curve } }] },
        'crypto.verify': { 'key-reference': '0x01', verified: [true] },
      })
      const { exit } = await run(hsm, `${verify} --format der --signature ${small}`)
      const request = hsm.asked.find(({ operation }) => operation === 'crypto.verify')?.request
      const raw = Buffer.alloc(2 * width)
      raw[width - 1] = 1
      raw[2 * width - 1] = 2
      assert.equal(exit, 0)
      assert.deepEqual((request as { signatures: string[] }).signatures, [raw.toString('base64')])
    }
  })

  test('fails for a wrong signature', async () => {
    const { reply, exit } = await run(verifier(false), `${verify} --signature ${base64}`)
    assert.deepEqual([reply, exit], [{ error_code: 1, data: 'Signature verification failed' }, 1])
  })

  test('refuses what is no signature', async () => {
    const path = file('huge', new Uint8Array(LIMITS.signatureBytes * 2 + 1))
    const { reply } = await run(verifier(), `${verify} --signature-path ${path}`)
    assert.deepEqual(reply, {
      error_code: 1,
      data: `--signature-path: ${path} is larger than ${LIMITS.signatureBytes * 2} bytes`,
    })
    assert.deepEqual((await run(verifier(), `${verify} --signature nonsense!`)).reply, {
      error_code: 1,
      data: '--signature must be base64',
    })
  })
})

suite('key generate-file', () => {
  const exporter = () => stubHsm({ 'key.export-public': { 'key-reference': '0x01', pem: 'PEM\n' } })
  const command = (path: string) =>
    `key generate-file --encoding pem --filter key-reference=0x1 --path ${path}`

  test('replaces what is in a file, not its mode, and leaves no other', async () => {
    const path = file('key.pem', 'something longer that was there before')
    await chmod(path, 0o600)
    const { reply } = await run(exporter(), command(path))
    assert.deepEqual(reply, { error_code: 0, data: { message: 'Successfully generated key file' } })
    assert.equal(await readFile(path, 'utf8'), 'PEM\n')
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.startsWith('.')),
      [],
    )
  })

  test('- and what leads to standard output get the data alone, or nothing', async () => {
    const link = join(directory, 'standard-output')
    const loggedIn = async (hsm: StubHsm, line: string) => {
      const shell = testShell(hsm)
      await shell.run('login --username ines --role crypto-user --password password')
      return shell.run(line)
    }
    symlinkSync('/dev/stdout', link)
    for (const path of ['-', '/dev/stdout', link]) {
      const well = await loggedIn(exporter(), command(path))
      assert.deepEqual([well.exit, well.stream, String(well.bytes)], [0, 'stderr', 'PEM\n'])
      assert.match(well.text, /Successfully generated key file/)
      const wrong = await loggedIn(stubHsm(), command(path))
      assert.deepEqual([wrong.exit, wrong.stream, String(wrong.bytes)], [1, 'stderr', ''])
    }
    assert.ok(lstatSync(link).isSymbolicLink())
    const file = await loggedIn(exporter(), command(join(directory, 'file')))
    assert.deepEqual([file.stream, file.bytes], ['stdout', undefined])
  })

  test('says what is wrong with a path', async () => {
    const nul = await run(exporter(), command('a\0b'))
    assert.deepEqual(nul.reply, {
      error_code: 1,
      data: '--path: cannot write a\u{fffd}b: the path is not valid',
    })
    const below = await run(exporter(), command(`${file('plain', '')}/key.pem`))
    assert.match(JSON.stringify(below.reply), /a part of the path is not a directory/)
    const into = await run(exporter(), command(directory))
    assert.match(JSON.stringify(into.reply), /it is a directory/)
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.startsWith('.')),
      [],
    )
  })
})
