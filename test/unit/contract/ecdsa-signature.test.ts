import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CURVES } from '../../../src/contract/algorithms.ts'
import { fromDer, readDer, toDer } from '../../../src/contract/ecdsa-signature.ts'

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
      assert.deepEqual(Buffer.from(fromDer(toDer(concatenated), concatenated.length / 2)), concatenated)
    }),
  )
})

test('DER has no byte too many', () => {
  const der = (r: string, s: string) => Buffer.from(toDer(Buffer.from(r + s, 'hex'))).toString('hex')
  assert.equal(der('0000', '0000'), '3006020100020100')
  assert.equal(der('0001', '007f'), '300602010102017f')
  assert.equal(der('0080', 'ffff'), '3009020200800203' + '00ffff')
  const long = 'ff'.repeat(66)
  assert.equal(der(long, long), `30818a024300${long}024300${long}`)
})

test('a signature of unknown origin is read when it is DER to the byte, and only then', () => {
  fc.assert(
    fc.property(signature, (concatenated) => {
      const der = toDer(concatenated)
      const width = concatenated.length / 2
      const read = readDer(der, width)
      assert.ok(read)
      assert.deepEqual(Buffer.from(read), Buffer.from(concatenated))
      for (const malformed of [der.subarray(1), der.subarray(0, -1), Uint8Array.of(...der, 0)]) {
        assert.equal(readDer(malformed, width), undefined)
      }
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 160 }), (bytes) => {
      const read = readDer(bytes, 32)
      assert.ok(read === undefined || Buffer.from(toDer(read)).equals(bytes))
    }),
  )
  const [narrow, padded, wide] = [
    '3006020101020101',
    '300702020001020101',
    `3026022100${'f'.repeat(64)}020101`,
  ]
  for (const width of [28, 32, 66]) {
    assert.equal(readDer(Buffer.from(narrow, 'hex'), width)?.length, 2 * width)
    assert.equal(readDer(Buffer.from(padded, 'hex'), width), undefined)
  }
  assert.equal(readDer(Buffer.from(wide, 'hex'), 28), undefined)
  assert.equal(readDer(Buffer.from(wide, 'hex'), 48)?.length, 96)
})
