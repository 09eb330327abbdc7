/**
 * Two crypto users who own every key, and an admin who trusts whatever they ask for, make random calls and put together
 * what they are told. Under the policy trusted-wrapping no secret comes out; without it the same walks find the known
 * attacks.
 *
 * A seed that fails is printed; `STRONGROOM_SEED=123 node --test test/property/trusted-wrapping/walk.test.ts` begins there.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { How } from './knowledge.ts'
import { MOVE_NAMES, type MoveName, type Step } from './step.ts'
import { walk } from './walk.ts'

const CALLS = 1000
const WALKS = 4
/** Walks until all known attacks must have been found; two are usual. */
const BUDGET = 16
const seed = Number(process.env['STRONGROOM_SEED'] ?? Date.now() % 2 ** 31)

/** How often each is tried. */
const WEIGHTS: Readonly<Record<MoveName, number>> = {
  generate: 5,
  pair: 2,
  bring: 2,
  bringPublic: 1,
  wrap: 12,
  unwrap: 8,
  encrypt: 1,
  decrypt: 8,
  derive: 3,
  deriveByMac: 3,
  mac: 2,
  copy: 4,
  set: 8,
  template: 1,
  trust: 4,
  share: 1,
  unshare: 1,
  show: 6,
}
const number = fc.nat(0xffff)
const step: fc.Arbitrary<Step> = fc.record({
  move: fc.oneof(...MOVE_NAMES.map((name) => ({ weight: WEIGHTS[name], arbitrary: fc.constant(name) }))),
  who: fc.constantFrom('alice', 'bob'),
  a: number,
  b: number,
  c: number,
  d: number,
})
/** Too long to be shrunk or printed: the seed tells it all. */
const walks = fc
  .noShrink(fc.array(step, { minLength: CALLS, maxLength: CALLS, size: 'max' }))
  .map((steps) => ({ steps, [fc.toStringMethod]: () => `${CALLS} calls` }))

suite(`random walks of colluding users, seed ${seed}`, () => {
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })

  for (const [when, applyAt] of [
    ['from the start', 0],
    ['on the way', CALLS / 4],
  ] as const) {
    test(`under the policy, applied ${when}, no secret comes out`, async (t) => {
      const done = new Map<MoveName, number>()
      let secrets = 0
      await fc.assert(
        fc.asyncProperty(walks, async ({ steps }) => {
          const outcome = await walk(steps, rsa, applyAt)
          for (const [name, count] of outcome.done) done.set(name, (done.get(name) ?? 0) + count)
          secrets += outcome.secrets
          assert.deepEqual(outcome.leaks, [])
        }),
        { numRuns: WALKS, seed, endOnFailure: true },
      )
      t.diagnostic(`${secrets} secrets; ${[...done].map((pair) => pair.join(' ')).join(', ')}`)
      for (const name of MOVE_NAMES) assert.ok(done.has(name), `no ${name} was allowed`)
    })
  }

  test('without it the known attacks are found', async (t) => {
    const wanted: ReadonlySet<How> = new Set(['shown', 'decrypted', 'opened', 'same iv', 'signed'])
    const found = new Map<How, number>()
    let bound = 0
    for (const { steps } of fc.sample(walks, { numRuns: BUDGET, seed })) {
      const { leaks } = await walk(steps, rsa, undefined)
      for (const { ways, insistsOnTrusted } of leaks) {
        for (const how of ways) found.set(how, (found.get(how) ?? 0) + 1)
        if (insistsOnTrusted) bound += 1
      }
      if (found.size === wanted.size && bound > 0) break
    }
    t.diagnostic(`${[...found].map((pair) => pair.join(' ')).join(', ')}; wrapped with trusted: ${bound}`)
    assert.deepEqual(new Set(found.keys()), wanted)
    assert.ok(bound > 0, 'none of the keys that insist on a trusted one')
  })
})
