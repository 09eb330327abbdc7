import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { isFit, issueServerCertificate } from '../../../src/certificates/certificates.ts'
import { createSealer } from '../../../src/crypto/seal.ts'
import { sharedAuthority } from '../../../src/node/authority.ts'
import { memoryStore } from '../../../src/store/memory.ts'

const NOW = Date.UTC(2030, 0, 1)
const sealer = createSealer(new Uint8Array(32), 'material', 'cluster-x')

test('the CA of a cluster is made once, and issues certificates that it vouches for', async () => {
  const store = memoryStore()
  const first = await sharedAuthority(store, sealer, 'cluster-x', NOW)
  assert.equal(new X509Certificate(first.cert).subject, 'CN=Strongroom cluster-x CA')
  const server = await issueServerCertificate(first, ['hsm.strongroom'], NOW)
  assert.ok(isFit(server, first.cert, ['hsm.strongroom'], NOW))
  assert.deepEqual(await sharedAuthority(store, sealer, 'cluster-x', NOW), first)
})

test('nodes that make it at once get the same', async () => {
  const store = memoryStore()
  const made = await Promise.all([1, 2, 3].map(() => sharedAuthority(store, sealer, 'cluster-x', NOW)))
  assert.deepEqual(made[1], made[0])
  assert.deepEqual(made[2], made[0])
})

test('its key is sealed in the store', async () => {
  const store = memoryStore()
  const { key } = await sharedAuthority(store, sealer, 'cluster-x', NOW)
  const record = JSON.stringify(store.catalog.get('certificate-authority/self'))
  assert.ok(!record.includes('PRIVATE KEY'))
  assert.ok(!record.includes(Buffer.from(key).toString('base64').slice(0, 32)))
  const other = createSealer(new Uint8Array(32), 'material', 'cluster-y')
  await assert.rejects(sharedAuthority(store, other, 'cluster-x', NOW), /cannot be opened/)
})
