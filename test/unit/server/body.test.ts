/** Bodies of requests: nothing of one is left in the buffers that it came in. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { suite, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { receive } from '../../../src/server/body.ts'
import type { Incoming } from '../../../src/server/wire.ts'

const LIMITS = { requestBytes: 100, drainedBytes: 1000, requestBodyMs: 10_000 }
const PIECES = ['{"password":', '"correct horse"}']

/** A request that is sent piece by piece, and what is made of it. */
function begin({ arrive = (_bytes: number) => {}, requestBytes = LIMITS.requestBytes } = {}) {
  const request = new PassThrough()
  const closed = once(request, 'close')
  const body = receive(request as unknown as Incoming, { ...LIMITS, requestBytes }, arrive)
  const pieces = PIECES.map((text) => Buffer.from(text))
  const send = () => {
    for (const piece of pieces) request.write(piece)
    request.end()
  }
  const isWiped = () => pieces.every((piece) => piece.every((byte) => byte === 0))
  return { request, closed, body, pieces, send, isWiped }
}

suite('the body of a request', () => {
  test('is there until it is discarded, also when its peer is gone meanwhile', async () => {
    const { request, closed, body, send, isWiped } = begin()
    send()
    const bytes = await body.bytes()
    assert.ok(isWiped())
    request.destroy()
    await closed
    assert.equal(String(bytes), PIECES.join(''))
    body.discard()
    assert.ok(bytes.every((byte) => byte === 0))
  })

  test('is wiped when it is refused on its way', async () => {
    const { closed, body, send, isWiped } = begin({
      arrive() {
        throw new HsmError('busy')
      },
    })
    send()
    await assert.rejects(body.bytes(), { code: 'busy' })
    await closed
    assert.ok(isWiped())
  })

  test('is wiped when it is too large', async () => {
    const { closed, body, send, isWiped } = begin({ requestBytes: PIECES.join('').length - 1 })
    send()
    await assert.rejects(body.bytes(), { code: 'too-large' })
    await closed
    assert.ok(isWiped())
  })

  test('is wiped when nobody wants it', async () => {
    const { closed, body, send, isWiped } = begin()
    body.discard()
    send()
    await closed
    assert.ok(isWiped())
  })

  test('is wiped when it is cut off', async () => {
    const { request, body, pieces } = begin()
    const [piece] = pieces
    request.write(piece)
    request.destroy()
    await assert.rejects(body.bytes(), { code: 'unavailable' })
    assert.ok(piece?.every((byte) => byte === 0))
  })
})
