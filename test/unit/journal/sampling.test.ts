/** What of many uses has an entry of its own, and what is counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import { all, journalIn, use } from './fixture.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('sampled: the first of uses that are alike, and then how many more there were', async (t) => {
  const { open, state } = journalIn(t, { keyUse: 'sampled' })
  const journal = await open()
  for (let at = 0; at < 100; at++) void journal.record(use({ at }))
  for (const other of [
    { actor: 'bob' },
    { session: 's2' },
    { outcome: 'not-owner' },
    { mechanism: 'rsa-pkcs' },
    { operation: 'crypto.verify' },
    { subjects: ['key/0x2'] },
  ]) {
    void journal.record(use(other))
  }
  await turn()
  assert.equal((await all(journal)).length, 7)
  state.now += 60_001
  void journal.record(use({ at: 200, count: 3 }))
  await turn()
  const entries = await all(journal)
  assert.deepEqual(
    entries.slice(7).map(({ at, count }) => [at, count]),
    [
      [99, 99],
      [200, 3],
    ],
  )
  void journal.record(use({ at: 300, count: 5 }))
  void journal.record(use({ at: 301 }))
  await journal.close()
  assert.equal((await all(journal)).at(-1)?.count, 6)
})

for (const keyUse of ['all', 'sampled'] as const) {
  test(`${keyUse}: of refusals a few are told one by one, whatever key they name, and the others counted`, async (t) => {
    const { open, state } = journalIn(t, { keyUse })
    const journal = await open()
    const refused = (at: number, actor: string) =>
      void journal.record(
        use({ actor, outcome: 'key-selection', subjects: [`key/${at}`], session: `s${at}` }),
      )
    for (let at = 0; at < 5000; at++) refused(at, 'alice')
    refused(0, 'bob')
    await turn()
    assert.equal((await all(journal)).length, LIMITS.refusalsAudited + 1)
    state.now += 60_001
    refused(5000, 'alice')
    await turn()
    const [counted, next] = (await all(journal)).slice(-2)
    assert.deepEqual([counted?.count, counted?.subjects], [5000 - LIMITS.refusalsAudited, ['key/4999']])
    assert.deepEqual([next?.count, next?.subjects], [undefined, ['key/5000']])
    await journal.close()
  })
}
