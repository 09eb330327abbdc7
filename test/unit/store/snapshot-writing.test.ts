/** A snapshot is written while the store changes. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { contents, reference, sampleKey } from '../../contract/store-samples.ts'
import { inTemporaryDirectory } from '../../contract/store-sqlite.ts'
import { KEYS, openedWithout, openWith, puts, records, snapshotIn, write } from './snapshots.ts'

describe('writing a snapshot in the background', () => {
  /** Lets the writer work, and others between. */
  const passing = async (t: TestContext, ms: number) => {
    for (let passed = 0; passed < ms; passed += 4) {
      t.mock.timers.tick(4)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const step = fc.record({
    keys: fc.array(fc.integer({ min: 1, max: KEYS + 50 }), { maxLength: 4 }),
    gone: fc.array(fc.integer({ min: 1, max: KEYS + 50 }), { maxLength: 2 }),
    ms: fc.constantFrom(0, 4, 40, 5000, 60_000),
  })

  it('ends with the state of one moment, whatever changes meanwhile', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.boolean(), async (steps, kill) => {
        t.mock.timers.enable({ apis: ['setTimeout'] })
        try {
          await inTemporaryDirectory(async (directory) => {
            const { store, lines } = openWith(directory)
            await write(store, ...puts(...records()))
            for (const [at, { keys, gone, ms }] of steps.entries()) {
              await write(
                store,
                ...puts(...keys.map((key) => sampleKey(key, { label: `step ${at}` }))),
                ...gone.map((key) => ({ delete: `key/${reference(key)}` as const })),
              )
              await passing(t, Math.min(ms, 400))
              t.mock.timers.tick(ms)
            }
            // As a process that is killed leaves it, and as a stop does.
            const killed =
              kill && existsSync(snapshotIn(directory)) ? readFileSync(snapshotIn(directory)) : undefined
            await store.close()
            if (killed) writeFileSync(snapshotIn(directory), killed)
            assert.deepEqual(lines, [])
            const expected = await openedWithout(directory)
            const again = openWith(directory)
            assert.deepEqual(contents(again.store.catalog), expected)
            assert.deepEqual(
              again.lines.map(({ level }) => level),
              ['info'],
            )
            await again.store.close()
          })
        } finally {
          t.mock.timers.reset()
        }
      }),
      { numRuns: 20 },
    )
  })
})
