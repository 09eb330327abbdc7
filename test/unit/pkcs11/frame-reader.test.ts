/** What comes is copied out of memory that the next thing is read into. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFrameReader } from '../../../src/pkcs11/rpc/frame.ts'

const SECRET = 0xaa

/** A frame with so many bytes of options, and so many of what must not stay behind. */
function frameOf(code: number, options: number, body: number): Buffer {
  const frame = Buffer.alloc(12 + options + body, SECRET)
  frame.writeUInt32BE(code, 0)
  frame.writeUInt32BE(options, 4)
  frame.writeUInt32BE(body, 8)
  return frame
}

const frames = fc.array(fc.tuple(fc.nat(20), fc.nat(SECRET - 1)), { minLength: 1, maxLength: 8 })
const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 })
const takes = fc.infiniteStream(fc.nat(3))

test('however frames are cut into chunks, and however late they are taken, they are whole, and nothing of them stays in the chunks', () => {
  fc.assert(
    fc.property(frames, sizes, takes, (given, cuts, counts) => {
      const bytes = Buffer.concat(given.map(([options, body], index) => frameOf(index + 1, options, body)))
      const reader = createFrameReader({ greeted: true })
      const got: [code: number, body: string][] = []
      const take = (most: number) => {
        for (let count = 0; count < most; count += 1) {
          const one = reader.next()
          if (one?.kind !== 'request') return
          got.push([one.code, one.body.toString('hex')])
        }
      }
      for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
        const chunk = Buffer.from(bytes.subarray(at, at + (cuts[cut % cuts.length] ?? 1)))
        at += chunk.length
        reader.add(chunk)
        take(counts.next().value)
        reader.keep()
        assert.ok(!chunk.includes(SECRET))
        chunk.fill(0xff)
      }
      take(Number.POSITIVE_INFINITY)
      assert.deepEqual(
        got,
        given.map(([, body], index) => [index + 1, Buffer.alloc(body, SECRET).toString('hex')]),
      )
      assert.equal(reader.isBehind(), false)
    }),
  )
})
