/** Exports as a file has them, byte by byte. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { append } from '../../../src/audit/chain.ts'
import { checkExport } from '../../../src/audit/check-export.ts'
import { exportLines } from '../../../src/audit/export-lines.ts'
import { newSigningKey, publicKeyPem, signStatement } from '../../../src/audit/statement.ts'
import { FORMAT } from '../../../src/model/formats.ts'

const { publicKey, privateKey } = newSigningKey()
const key = createPublicKey(publicKeyPem(publicKey.toString('base64')))

/** An export of one entry about each of the subjects. */
function written(subjects: readonly string[]): string {
  let head: Parameters<typeof append>[0]
  const entries = subjects.map((subject) => {
    const event = {
      at: 1,
      actor: 'alice',
      operation: 'certificate.delete',
      outcome: 'ok',
      subjects: [subject],
    }
    const next = append(head, 'hsm-a', event, FORMAT)
    head = next.head
    return next.entry
  })
  const about = { statement: 'strongroom-audit', version: 1, cluster: 'c', hsm: 'hsm-a', at: 2 } as const
  const { count, hash } = head ?? { count: 0, hash: '' }
  const previous = '0'.repeat(64)
  const statement = signStatement(
    { ...about, journal: 'management', first: 0, previous, count, hash },
    privateKey,
  )
  return [...entries, statement].map((line) => `${JSON.stringify(line)}\n`).join('')
}

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const check = (text: string | Buffer, size = 1 << 16) =>
  checkExport(exportLines(inChunks(Buffer.from(text), size)), key)

test('an export verifies, whatever its values are and however it is read', async () => {
  const text = written(['\u2028', '\u2029', '\u0085', '\r', '\n', '\r\n', '\ud800', '\u202e"\\', '__proto__'])
  for (const size of [1, 7, 1 << 16]) assert.equal((await check(text, size)).ok, true)
  const cutOff = await check(text.trimEnd())
  assert.match(cutOff.ok ? '' : cutOff.why, /not ended by a line feed/)
})

test('a line that programs could read in different ways is refused', async () => {
  const text = written(['user/bob'])
  for (const [from, to] of [
    ['"actor":"alice"', '"actor":"mallory","actor":"alice"'],
    ['"subjects":', '"subjects":["user/eve"],"subjects":'],
    ['"actor"', '"\\u0061ctor"'],
    ['"at":1', '"at":1.0'],
    ['"at":1', '"at":1e0'],
    ['"at":1,', '"at":1, '],
    ['"count":1', '"count":9,"count":1'],
    ['{', ' {'],
    ['{', '\ufeff{'],
    ['\n', '\r\n'],
    ['\n', '\n\n'],
  ] as const) {
    assert.equal((await check(text.replace(from, to))).ok, false, to)
  }
})

test('a signature that is written in another way is refused', async () => {
  const text = written(['user/bob'])
  const [, signature = ''] = /"signature":"([^"]*)"/.exec(text) ?? []
  // The last four bits before == say nothing.
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const at = last.indexOf(signature.at(-3) ?? '')
  const same = `${signature.slice(0, -3)}${last[at + 1]}==`
  assert.deepEqual(Buffer.from(same, 'base64'), Buffer.from(signature, 'base64'))
  for (const other of [
    same,
    signature.slice(0, -2),
    `${signature}\u00a0`,
    ` ${signature}`,
    signature.replace('=', '=='),
  ]) {
    assert.equal((await check(text.replace(signature, other))).ok, false, other)
  }
})

test('an entry of a newer version is called that', async () => {
  const verdict = await check(written(['user/bob']).replace(`"version":${FORMAT}`, `"version":${FORMAT + 1}`))
  assert.ok(!verdict.ok && verdict.line === 1 && verdict.why.includes('newer version'))
})

test('what is no text, and a line without an end, is refused before it is kept', async () => {
  const bytes = Buffer.from(written(['user/bob']))
  bytes[bytes.indexOf('alice')] = 0xff
  assert.equal((await check(bytes)).ok, false)
  let chunks = 0
  async function* endless() {
    for (; chunks < 10_000; chunks++) yield Buffer.alloc(1 << 16, ' ')
  }
  const verdict = await checkExport(exportLines(endless()), key)
  assert.deepEqual([verdict.ok, chunks < 100], [false, true])
})
