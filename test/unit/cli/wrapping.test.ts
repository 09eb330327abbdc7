import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import { testShell } from '../../support/cli.ts'
import { stubHsm } from '../../support/stub-hsm.ts'

const directory = mkdtempSync(join(tmpdir(), 'strongroom-wrapping-'))
after(() => rmSync(directory, { recursive: true }))
const path = (name: string): string => join(directory, name)

const WRAPPED = { 'payload-key-reference': '0x01', 'wrapping-key-reference': '0x02', 'wrapped-key': 'AQID' }
const KEYS = '--payload-filter attr.label=a attr.id=0x01 --wrapping-filter attr.label=b'
const OAEP = '--hash-function sha384 --mgf mgf1-sha384'

async function run(hsm: ReturnType<typeof stubHsm>, line: string) {
  const shell = testShell(hsm)
  await shell.run('login --username a --role crypto-user --password x')
  const { text } = await shell.run(line)
  return JSON.parse(text) as { error_code: number; data: unknown }
}

async function asked(operation: 'key.wrap' | 'key.unwrap', line: string): Promise<unknown> {
  const hsm = stubHsm({ [operation]: operation === 'key.wrap' ? WRAPPED : { key: {} } })
  assert.equal((await run(hsm, line)).error_code, 0, line)
  return hsm.asked.find((call) => call.operation === operation)?.request
}

/** Of each mechanism its options, and what the HSM is asked for. */
const MECHANISMS = [
  ['aes-gcm', '--tag-length-bits 64 --aad 0x10', { 'tag-length-bits': 64, aad: 'EA==' }],
  ['cloudhsm-aes-gcm', '--tag-length-bits 128', { 'tag-length-bits': 128 }],
  ['aes-no-pad', '', {}],
  ['aes-pkcs5-pad', '', {}],
  ['aes-zero-pad', '', {}],
  ['rsa-aes', OAEP, { hash: 'sha384', mgf: 'mgf1-sha384' }],
  ['rsa-oaep', OAEP, { hash: 'sha384', mgf: 'mgf1-sha384' }],
  ['rsa-pkcs', '', {}],
] as const

suite('key wrap and key unwrap', () => {
  for (const [name, options, parameters] of MECHANISMS) {
    test(name, async () => {
      assert.deepEqual(await asked('key.wrap', `key wrap ${name} ${KEYS} ${options}`), {
        'payload-filter': ['attr.label=a', 'attr.id=0x01'],
        'wrapping-filter': ['attr.label=b'],
        mechanism: { name, ...parameters },
      })
      const iv = name === 'aes-gcm' ? '--iv 0A0b' : ''
      const made = '--key-type-class des3 --label l --session --attributes sign=true --share-crypto-users u v'
      const line = `key unwrap ${name} --filter attr.label=b --data AQID ${made} ${options} ${iv}`
      assert.deepEqual(await asked('key.unwrap', line), {
        filter: ['attr.label=b'],
        mechanism: { name, ...parameters, ...(iv && { iv: 'Cgs=' }) },
        'wrapped-key': 'AQID',
        'key-type-class': 'des3',
        label: 'l',
        session: true,
        attributes: { sign: true },
        'share-crypto-users': ['u', 'v'],
      })
    })
  }

  test('a new file with a wrapped key is its owner’s alone, and one that was there keeps its mode', async () => {
    const [fresh, there] = [path('wrapped'), path('there')]
    writeFileSync(there, 'something longer that was there before', { mode: 0o640 })
    await run(stubHsm({ 'key.wrap': WRAPPED }), `key wrap aes-no-pad ${KEYS} --path ${there}`)
    assert.deepEqual([readFileSync(there), statSync(there).mode & 0o777], [Buffer.of(1, 2, 3), 0o640])
    const { data } = await run(
      stubHsm({ 'key.wrap': WRAPPED }),
      `key wrap aes-no-pad ${KEYS} --path ${fresh}`,
    )
    assert.deepEqual(data, { payload_key_reference: '0x01', wrapping_key_reference: '0x02' })
    assert.deepEqual(readFileSync(fresh), Buffer.of(1, 2, 3))
    assert.equal(statSync(fresh).mode & 0o777, 0o600)
  })

  test('a socket is not written to', async () => {
    const server = createServer().listen(path('socket'))
    const { data } = await run(
      stubHsm({ 'key.wrap': WRAPPED }),
      `key wrap aes-no-pad ${KEYS} --path ${path('socket')}`,
    )
    server.close()
    assert.equal(data, `--path: cannot write ${path('socket')}: it is a socket, or nobody reads from it`)
  })

  test('a file that is larger than any wrapped key is not sent', async () => {
    writeFileSync(path('large'), Buffer.alloc(LIMITS.materialBytes + 1))
    const hsm = stubHsm({ 'key.unwrap': { key: {} } })
    const { data } = await run(
      hsm,
      `key unwrap rsa-pkcs --filter attr.label=b --data-path ${path('large')} --key-type-class aes --label l`,
    )
    assert.equal(data, `--data-path: ${path('large')} is larger than ${LIMITS.materialBytes} bytes`)
    assert.ok(hsm.asked.every(({ operation }) => operation !== 'key.unwrap'))
  })
})
