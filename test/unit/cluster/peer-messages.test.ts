import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FRAME_BYTES, type PeerMessage, readFrame, writeFrame } from '../../../src/cluster/peer-messages.ts'
import { createSealer } from '../../../src/crypto/seal.ts'

const MASTER = new Uint8Array(32).fill(1)
const { mark } = createSealer(MASTER, 'peers', 'cluster-a')
const MESSAGE: PeerMessage = {
  kind: 'acknowledgement',
  boot: '00112233445566778899aabbccddeeff',
  revision: Number.MAX_SAFE_INTEGER,
}

suite('what nodes say to each other', () => {
  test('is read as it was written, and every frame has the same length', () => {
    for (const revision of [0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      const frame = writeFrame(mark, 'here', { ...MESSAGE, revision })
      assert.equal(frame.length, FRAME_BYTES)
      assert.deepEqual(readFrame(mark, 'here', frame), { ...MESSAGE, revision })
    }
  })

  test('counts on the connection that it was made for, and on no other', () => {
    assert.equal(readFrame(mark, 'there', writeFrame(mark, 'here', MESSAGE)), undefined)
  })

  test('is not read when any bit of it is different', () => {
    const frame = writeFrame(mark, 'here', MESSAGE)
    for (let bit = 0; bit < 8 * FRAME_BYTES; bit++) {
      const changed = Uint8Array.from(frame)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.equal(readFrame(mark, 'here', changed), undefined, `bit ${bit}`)
    }
  })

  test('is not read in any other length', () => {
    const frame = writeFrame(mark, 'here', MESSAGE)
    for (let length = 0; length < FRAME_BYTES; length++) {
      assert.equal(readFrame(mark, 'here', frame.subarray(0, length)), undefined)
    }
    assert.equal(readFrame(mark, 'here', Buffer.concat([frame, Buffer.alloc(1)])), undefined)
  })

  test('comes from nobody without the master key, of another cluster, or with the key for something else', () => {
    const others = [
      createSealer(new Uint8Array(32).fill(2), 'peers', 'cluster-a'),
      createSealer(MASTER, 'peers', 'cluster-b'),
      createSealer(MASTER, 'records', 'cluster-a'),
    ]
    for (const other of others) {
      assert.equal(readFrame(mark, 'here', writeFrame(other.mark, 'here', MESSAGE)), undefined)
    }
  })

  test('says no revision that cannot be', () => {
    const frame = writeFrame(mark, 'here', MESSAGE)
    frame.writeBigUInt64BE(2n ** 53n, 17)
    const text = `here\nacknowledgement\n${MESSAGE.boot}\n${2 ** 53}`
    frame.set(mark(text), 25)
    assert.equal(readFrame(mark, 'here', frame), undefined)
  })
})
