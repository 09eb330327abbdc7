import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CURVES } from '../../../src/contract/mechanisms.ts'
import { fromDer, toDer } from '../../../src/crypto/ecdsa-signature.ts'

const widths = Object.values(CURVES).map(({ fieldBytes }) => fieldBytes)
/** Numbers with leading zeros are as likely as any. */
const number = (width: number) =>
  fc
    .tuple(fc.nat(width), fc.uint8Array({ minLength: width, maxLength: width }))
    .map(([zeros, bytes]) => bytes.fill(0, 0, zeros))
const signature = fc
  .constantFrom(...widths)
  .chain((width) => fc.tuple(number(width), number(width)))
  .map(([r, s]) => Buffer.concat([r, s]))

test('there and back', () => {
  fc.assert(
    fc.property(signature, (concatenated) => {
      assert.deepEqual(fromDer(toDer(concatenated), concatenated.length / 2), concatenated)
    }),
  )
})

test('DER has no byte too many', () => {
  const der = (r: string, s: string) => toDer(Buffer.from(r + s, 'hex')).toString('hex')
  assert.equal(der('0000', '0000'), '3006020100020100')
  assert.equal(der('0001', '007f'), '300602010102017f')
  assert.equal(der('0080', 'ffff'), '3009020200800203' + '00ffff')
  const long = 'ff'.repeat(66)
  assert.equal(der(long, long), `30818a024300${long}024300${long}`)
})
