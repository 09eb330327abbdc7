/**
 * Whoever is told that a login has ended can rely on it: no node resumes it any more, whatever it has heard of. In simulated
 * worlds, as `simulation.test.ts` has them; what runs is the rule of `policy/`, over a model of etcd and of time.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOGIN_MUTANTS, type LoginsOutcome, simulateLogins } from './simulation/logins.ts'

const SEEDS = 300

test('a login that has ended is resumed nowhere', async () => {
  const outcomes: LoginsOutcome[] = []
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await simulateLogins(seed)
    assert.deepEqual(outcome.breaches, [], `seed ${seed}`)
    outcomes.push(outcome)
  }
  // A run in which nothing happens proves nothing.
  for (const what of ['resumed', 'refused', 'ended'] as const) {
    const all = outcomes.reduce((sum, outcome) => sum + outcome[what], 0)
    assert.ok(all > 5 * SEEDS, `${what}: ${all}`)
  }
})

for (const mutant of Object.keys(LOGIN_MUTANTS) as (keyof typeof LOGIN_MUTANTS)[]) {
  test(`that is broken by a node that ${mutant}`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { breaches } = await simulateLogins(seed, mutant)
      if (breaches.length > 0) return
    }
    assert.fail('no seed has shown it')
  })
}
