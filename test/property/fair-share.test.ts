/** What peers share at the PKCS#11 socket. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createFairShare } from '../../src/rates/fair-share.ts'

const TOTAL = 100
const step = fc.record({ peer: fc.nat(5), count: fc.integer({ min: 1, max: 60 }), back: fc.boolean() })

suite('fair shares', () => {
  test('a peer gets more if and only if it then has no more than is left', () => {
    const met = { taken: 0, refused: 0 }
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const share = createFairShare(TOTAL)
        const held = new Map<number, number>()
        for (const { peer, count, back } of steps) {
          const own = held.get(peer) ?? 0
          const left = TOTAL - [...held.values()].reduce((sum, one) => sum + one, 0)
          if (back) {
            const some = Math.min(count, own)
            if (some > 0) share.give(peer, some)
            held.set(peer, own - some)
          } else {
            const taken = share.take(peer, count)
            assert.equal(taken, own + count <= left - count)
            met[taken ? 'taken' : 'refused'] += 1
            if (taken) held.set(peer, own + count)
          }
          assert.equal(share.heldBy(peer), held.get(peer) ?? 0)
        }
      }),
    )
    assert.ok(met.taken > 0 && met.refused > 0)
  })
})
