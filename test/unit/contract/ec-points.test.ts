import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CURVES, type WeierstrassCurve } from '../../../src/contract/algorithms.ts'
import { barePoint, isPoint } from '../../../src/contract/ec-points.ts'

const point = (first: number, length: number, second = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at === 0 ? first : at === 1 ? second : 7))
const inDer = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.of(...(bytes.length < 0x80 ? [4, bytes.length] : [4, 0x81, bytes.length]), ...bytes)

suite('points', () => {
  for (const curve of Object.keys(CURVES) as WeierstrassCurve[]) {
    const { fieldBytes } = CURVES[curve]
    test(`on ${curve}: bare or in a DER OCTET STRING, also a bare one that looks like the other`, () => {
      // What follows the first byte would be its length.
      const alike = point(4, 1 + 2 * fieldBytes, 2 * fieldBytes - 1)
      for (const bare of [
        alike,
        point(4, 1 + 2 * fieldBytes),
        point(2, 1 + fieldBytes),
        point(3, 1 + fieldBytes),
      ]) {
        assert.deepEqual(barePoint(bare, curve), bare)
        assert.deepEqual(barePoint(inDer(bare), curve), bare)
        assert.equal(isPoint(bare, curve), true)
      }
    })

    test(`on ${curve}: other lengths, other first bytes and infinity are none`, () => {
      for (const other of [
        point(2, 1 + 2 * fieldBytes),
        point(4, 1 + fieldBytes),
        point(6, 1 + 2 * fieldBytes),
        point(4, 2 * fieldBytes),
        Uint8Array.of(0),
        Uint8Array.of(),
        inDer(Uint8Array.of(0)),
      ]) {
        assert.deepEqual(barePoint(other, curve), other)
        assert.equal(isPoint(other, curve), false)
      }
    })
  }

  test('on ed25519: 32 bytes', () => {
    assert.deepEqual(barePoint(inDer(point(1, 32)), 'ed25519'), point(1, 32))
    assert.equal(isPoint(point(1, 32), 'ed25519'), true)
    assert.equal(isPoint(point(1, 33), 'ed25519'), false)
  })
})
