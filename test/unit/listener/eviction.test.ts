import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createEvictable } from '../../../src/listener/eviction.ts'

type Connection = { readonly peer: string; readonly isHeld: () => boolean; held: boolean }

const step = fc.record({
  what: fc.constantFrom('add', 'add', 'add', 'remove', 'hold', 'hold', 'evict', 'evict'),
  peer: fc.constantFrom('a', 'b', 'c'),
  which: fc.nat(50),
})

suite('which connection is evicted', () => {
  test('the oldest that is not held, of the peer that has most of them, and nobody if and only if all are held', () => {
    const met = { found: 0, spared: 0, none: 0 }
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const evictable = createEvictable<string, Connection>()
        let known: readonly Connection[] = []
        const remove = (one: Connection) => {
          known = known.filter((other) => other !== one)
          evictable.remove(one)
        }
        for (const { what, peer, which } of steps) {
          const chosen = known[which % Math.max(known.length, 1)]
          if (what === 'add') {
            const one: Connection = { peer, held: false, isHeld: () => one.held }
            known = [...known, one]
            evictable.add(one)
          } else if (what === 'remove' && chosen) remove(chosen)
          else if (what === 'hold' && chosen) chosen.held = !chosen.held
          else if (what === 'evict') {
            const crowdOf = (of: string) => known.filter((one) => one.peer === of)
            const oldestOf = (of: string) => crowdOf(of).find((one) => !one.held)
            assert.equal(evictable.next(peer), oldestOf(peer))
            const possible = ['a', 'b', 'c'].filter(oldestOf)
            const most = Math.max(...possible.map((of) => crowdOf(of).length))
            const victim = evictable.next()
            assert.equal(victim === undefined, possible.length === 0)
            if (victim === undefined) met.none += Number(known.length > 0)
            else {
              assert.equal(crowdOf(victim.peer).length, most)
              assert.equal(victim, oldestOf(victim.peer))
              met[crowdOf(victim.peer)[0]?.held ? 'spared' : 'found'] += 1
              remove(victim)
            }
          }
        }
      }),
    )
    assert.ok(Math.min(...Object.values(met)) > 20, JSON.stringify(met))
  })

  test('who was removed is not found again', () => {
    const evictable = createEvictable<string, Connection>()
    const one: Connection = { peer: 'a', held: false, isHeld: () => false }
    evictable.add(one)
    evictable.remove(one)
    evictable.remove(one)
    assert.equal(evictable.next(), undefined)
  })
})
