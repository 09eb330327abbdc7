import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createMessageReader, encodeMessage } from '../../../src/cli/agent/messages.ts'

const MESSAGES = [
  { call: 'user.list', request: {} },
  { text: 'grüße ☃', bytes: new Uint8Array([0, 255, 10]), nested: [{ bytes: Buffer.from('x') }] },
  {},
]
const STREAM = Buffer.concat(MESSAGES.map(encodeMessage))

suite('messages between a command and the agent', () => {
  test('come out as they went in, however the stream is cut', () => {
    for (let size = 1; size <= STREAM.length; size++) {
      const read = createMessageReader(1000)
      const got: unknown[] = []
      for (let at = 0; at < STREAM.length; at += size) {
        got.push(...(read(Buffer.from(STREAM.subarray(at, at + size))) ?? assert.fail()))
      }
      assert.deepEqual(got, [
        MESSAGES[0],
        { text: 'grüße ☃', bytes: Buffer.from([0, 255, 10]), nested: [{ bytes: Buffer.from('x') }] },
        {},
      ])
    }
  })

  test('are wiped where they were read', () => {
    const piece = encodeMessage({ password: 'secret' })
    createMessageReader(1000)(piece)
    assert.ok(piece.every((byte) => byte === 0))
  })

  test('that are larger than allowed are refused by their length alone', () => {
    const message = encodeMessage({ text: 'x'.repeat(100) })
    assert.equal(createMessageReader(100)(Buffer.from(message.subarray(0, 4))), undefined)
    assert.equal(createMessageReader(message.length - 4)(message)?.length, 1)
  })

  test('that are no JSON are refused', () => {
    assert.equal(createMessageReader(100)(Buffer.from([0, 0, 0, 2, 0x7b, 0x7b])), undefined)
  })
})
