/** Bodies of requests: nothing of one is left in the buffers that it came in. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { suite, test } from 'node:test'
import { createWaits } from '../../../src/base/waits.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { receive } from '../../../src/server/http/body.ts'

const PIECES = ['{"password":', '"correct horse"}']

/** A request that is sent piece by piece, and what is made of it. */
function begin({ arrive = (_bytes: number) => {}, requestBytes = 100 } = {}) {
  const request = new PassThrough()
  const closed = once(request, 'close')
  const { promise: outcome, resolve: whole, reject: failed } = Promise.withResolvers<Buffer>()
  outcome.catch(() => undefined)
  const body = receive(
    request,
    { requestBytes, drainedBytes: 1000, waits: createWaits(10_000), cutOff: () => request.destroy() },
    { arrive, whole, failed },
  )
  const pieces = PIECES.map((text) => Buffer.from(text))
  const send = () => {
    for (const piece of pieces) request.write(piece)
    request.end()
  }
  const isWiped = () => pieces.every((piece) => piece.every((byte) => byte === 0))
  return { request, closed, body, outcome, pieces, send, isWiped }
}

suite('the body of a request', () => {
  test('is handed on, also when its peer is gone meanwhile, and nothing of it is left behind', async () => {
    const { request, closed, outcome, send, isWiped } = begin()
    send()
    const bytes = await outcome
    assert.ok(isWiped())
    request.destroy()
    await closed
    assert.equal(String(bytes), PIECES.join(''))
  })

  test('of one piece is handed on as it is', async () => {
    const { request, outcome } = begin()
    const piece = Buffer.from(PIECES.join(''))
    request.end(piece)
    assert.equal(await outcome, piece)
    assert.equal(String(piece), PIECES.join(''))
  })

  test('is wiped when it is refused on its way', async () => {
    const { closed, outcome, send, isWiped } = begin({
      arrive() {
        throw new HsmError('busy')
      },
    })
    send()
    await assert.rejects(outcome, { code: 'busy' })
    await closed
    assert.ok(isWiped())
  })

  test('is wiped when it is too large', async () => {
    const { closed, outcome, send, isWiped } = begin({ requestBytes: PIECES.join('').length - 1 })
    send()
    await assert.rejects(outcome, { code: 'too-large' })
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
    const { request, outcome, pieces } = begin()
    const [piece] = pieces
    request.write(piece)
    request.destroy()
    await assert.rejects(outcome, { code: 'unavailable' })
    assert.ok(piece?.every((byte) => byte === 0))
  })
})
