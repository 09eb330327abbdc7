import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSmall } from '../../../src/administration/small-file.ts'
import {
  nameOf,
  openMasterKey,
  readJoinToken,
  sealMasterKey,
  writeJoinToken,
} from '../../../src/node/join-token.ts'

const token = {
  clusterId: 'cluster-x',
  endpoints: ['https://10.0.0.1:2379', 'https://10.0.0.2:2379'],
  secret: randomBytes(32),
  expiresAt: 1_800_000_000_000,
}
const other = { ...token, secret: randomBytes(32) }
const NOT_WHOLE = { code: 'invalid-request', message: /^The join token is not whole/ }

test('a join token is one line, with and without the line feed', () => {
  const line = writeJoinToken(token)
  assert.match(line, /^[\w-]+$/)
  assert.deepEqual(readJoinToken(line), token)
  assert.deepEqual(readJoinToken(`${line}\r\n`), token)
})

test('a join token of which a character is missing or wrong is not whole', () => {
  const line = writeJoinToken(token)
  for (let at = 0; at < line.length; at += 1) {
    assert.throws(() => readJoinToken(line.slice(0, at) + line.slice(at + 1)), NOT_WHOLE)
    const flipped = line[at] === 'A' ? 'B' : 'A'
    const changed = line.slice(0, at) + flipped + line.slice(at + 1)
    // The last character of base64url may hold bits that count for nothing.
    if (at < line.length - 1) assert.throws(() => readJoinToken(changed), NOT_WHOLE)
  }
  for (const text of ['', 'strongroom-invitation-', 'hello']) {
    assert.throws(() => readJoinToken(text), NOT_WHOLE)
  }
})

test('a join token that was made up, with another content, is refused as well', () => {
  const wrong = [
    { clusterId: '' },
    { clusterId: 'x'.repeat(129) },
    { endpoints: [] },
    { endpoints: ['nonsense'] },
    { endpoints: ['file:///etc'] },
    { secret: randomBytes(31) },
    { expiresAt: Number.NaN },
  ]
  for (const change of wrong) {
    assert.throws(() => readJoinToken(writeJoinToken({ ...token, ...change })), NOT_WHOLE)
  }
})

test('the master key is opened with the secret of the join token and no other', () => {
  const key = randomBytes(32)
  const sealed = sealMasterKey(token, key)
  assert.deepEqual(openMasterKey(token, sealed), key)
  const changed = { code: 'store-damaged', message: /^What the join token opens was changed in etcd/ }
  assert.throws(() => openMasterKey(other, sealed), changed)
  assert.throws(() => openMasterKey({ ...token, clusterId: 'cluster-y' }, sealed), changed)
  assert.throws(() => openMasterKey(token, sealed.fill(0, 20, 21)), changed)
  assert.throws(() => openMasterKey(token, new Uint8Array()), changed)
})

test('the name in etcd belongs to the secret and does not tell it', () => {
  assert.match(nameOf(token), /^[0-9a-f]{64}$/)
  assert.notEqual(nameOf(token), nameOf(other))
  assert.ok(!nameOf(token).includes(token.secret.toString('hex').slice(0, 8)))
})

test('a secret is read from a file, and a file that cannot be one is refused', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-secret-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'secret')
  writeFileSync(path, 'a secret\n')
  assert.equal(await readSmall(path), 'a secret\n')
  writeFileSync(path, 'x'.repeat(8192))
  assert.equal((await readSmall(path)).length, 8192)
  writeFileSync(path, 'x'.repeat(8193))
  await assert.rejects(readSmall(path), { code: 'invalid-request', message: /longer than 8192 bytes/ })
  writeFileSync(path, Buffer.from('p\xe4ssword', 'latin1'))
  await assert.rejects(readSmall(path), { code: 'invalid-request', message: /not UTF-8 text$/ })
  await assert.rejects(readSmall(join(directory, 'none')), { code: 'ENOENT' })
})
