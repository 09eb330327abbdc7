/**
 * Guarantee G across nodes, in simulated worlds: each seed is another sequence of stopped and killed processes, cuts,
 * losses, delays and changes of leader. What runs is the code of `src/cluster`, over a model of etcd and of time.
 *
 * A seed that fails is printed; `STRONGROOM_SEED=123 node --test test/cluster/simulation.test.ts` runs it alone.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { BOUNDED_MUTANTS, FENCE_MUTANTS, MUTANTS } from './simulation/mutants.ts'
import { simulateAll } from './simulation/parallel.ts'
import type { Outcome } from './simulation/records.ts'

const only = process.env['STRONGROOM_SEED']
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1)
const seeds = (count: number): readonly number[] => (only === undefined ? range(count) : [Number(only)])

/** By then every node knows who is there, also by a slow clock. */
const SETTLED_MS = 10_000

const sum = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0)

const confirmed = (outcomes: readonly Outcome[], how: string): number =>
  sum(outcomes, ({ revocations }) => revocations.filter((revocation) => revocation.how === how).length)

const WORLDS = {
  'by the clock, rates wrong by up to 5 %': { fence: false, bounded: true, count: 2500, mutants: MUTANTS },
  'behind the fence, clocks at any rate': { fence: true, bounded: false, count: 800, mutants: FENCE_MUTANTS },
  'behind the fence, rates within a factor of two': {
    fence: true,
    bounded: true,
    count: 300,
    mutants: BOUNDED_MUTANTS,
  },
}

for (const [name, { count, mutants, ...world }] of Object.entries(WORLDS)) {
  suite(name, () => {
    test('guarantee G holds, and all nodes serve again when the trouble is over', async () => {
      const outcomes: Outcome[] = []
      for await (const outcome of simulateAll(seeds(count), world)) {
        assert.deepEqual(outcome.breaches, [], `seed ${outcome.seed}`)
        assert.equal(outcome.serving, 3, `seed ${outcome.seed}: nodes that serve at the end`)
        outcomes.push(outcome)
      }
      // A run in which nothing happens proves nothing.
      for (const how of ['acknowledged', 'elapsed'])
        assert.ok(confirmed(outcomes, how) > outcomes.length / 10, how)
      assert.ok(sum(outcomes, ({ uses }) => uses) > 30 * outcomes.length)
      assert.ok(sum(outcomes, ({ refusals }) => refusals) > 30 * outcomes.length)
    })

    test('without faults every revocation is acknowledged, and soon', async () => {
      for await (const outcome of simulateAll(seeds(100), { ...world, faults: false })) {
        const { seed, breaches, unfinished, revocations, serving } = outcome
        assert.deepEqual([breaches, serving], [[], 3], `seed ${seed}`)
        assert.ok(unfinished <= 2, `seed ${seed}: at the end only what was just begun waits`)
        const late = revocations.filter(
          ({ how, took, begun }) => begun > SETTLED_MS && (how !== 'acknowledged' || took > 250),
        )
        assert.deepEqual(late, [], `seed ${seed}`)
      }
    })

    for (const mutant of Object.keys(mutants)) {
      test(`is broken by a node with: ${mutant}`, async () => {
        for await (const { breaches } of simulateAll(range(4000), { ...world, mutant })) {
          if (breaches.length > 0) return
        }
        assert.fail('no seed has shown it')
      })
    }
  })
}
