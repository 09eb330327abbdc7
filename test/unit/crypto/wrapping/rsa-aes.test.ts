import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Wrapping } from '../../../../src/contract/mechanisms.ts'
import { unwrapPayload, wrapPayload } from '../../../../src/crypto/wrapping/wrapping.ts'
import { fails } from '../../../support/errors.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const MODULUS_BYTES = 256
const PAYLOAD = Buffer.from('what is wrapped, of any length')
const RSA_AES = { name: 'rsa-aes', hash: 'sha256', mgf: 'mgf1-sha256' } as const

/** The AES key that was made for the payload. */
const madeFor = (wrapped: Buffer, label: Buffer | undefined): Buffer =>
  privateDecrypt(
    { key: privateKey, oaepHash: 'sha256', ...(label && { oaepLabel: label }) },
    wrapped.subarray(0, MODULUS_BYTES),
  )

suite('rsa-aes', () => {
  for (const bits of [128, 192, 256, undefined] as const) {
    test(`makes an AES key of ${bits ?? 'no special number of'} bits for each payload`, async () => {
      const mechanism: Wrapping = { ...RSA_AES, ...(bits && { 'aes-key-bits': bits }) }
      const { wrapped } = await wrapPayload(publicKey, mechanism, PAYLOAD)
      const key = madeFor(wrapped, undefined)
      assert.equal(key.length * 8, bits ?? 256)
      const rest = wrapped.subarray(MODULUS_BYTES)
      assert.deepEqual(await unwrapPayload(createSecretKey(key), { name: 'aes-zero-pad' }, rest), PAYLOAD)
      const again = await wrapPayload(publicKey, mechanism, PAYLOAD)
      assert.notDeepEqual(madeFor(again.wrapped, undefined), key)
    })
  }

  test('unwraps whatever the number of bits', async () => {
    const { wrapped } = await wrapPayload(publicKey, { ...RSA_AES, 'aes-key-bits': 128 }, PAYLOAD)
    for (const bits of [128, 192, 256] as const) {
      const mechanism: Wrapping = { ...RSA_AES, 'aes-key-bits': bits }
      assert.deepEqual(await unwrapPayload(privateKey, mechanism, wrapped), PAYLOAD)
    }
  })

  test('has the label of OAEP', async () => {
    const label = Buffer.from('label')
    const { wrapped } = await wrapPayload(publicKey, { ...RSA_AES, label }, PAYLOAD)
    assert.equal(madeFor(wrapped, label).length, 32)
    assert.deepEqual(await unwrapPayload(privateKey, { ...RSA_AES, label }, wrapped), PAYLOAD)
    for (const other of [RSA_AES, { ...RSA_AES, label: Buffer.from('other') }])
      await assert.rejects(unwrapPayload(privateKey, other, wrapped), fails('unwrap-failed'))
  })
})
