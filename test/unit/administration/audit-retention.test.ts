/** Reading a journal of which the audit policy lets go meanwhile: that is said, and is no damage. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Dropped, type Journal, reading } from '../../../src/administration/audit/journals.ts'
import type { AuditFilter } from '../../../src/audit/filter.ts'
import type { AuditPolicy } from '../../../src/contract/audit-policy.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import { createWorld } from '../../support/world.ts'
import { HSM, journalIn, turn, use } from '../journal/fixture.ts'

async function start(t: TestContext, policy: Partial<AuditPolicy>) {
  const { open, state } = journalIn(t, policy)
  const own = await open()
  const hsm = { id: HSM, version: '1.2.3', address: () => '-' }
  const engine = await testEngine({ store: memoryStore(), keyUseJournal: own, hsm })
  const world = await createWorld(engine)
  t.after(() => engine.close())
  async function write(count: number) {
    for (let at = 0; at < count; at++) {
      void own.record(use({ actor: at % 2 === 0 ? 'alice' : 'bob' }))
      if (at % 100 === 0) await turn()
    }
    await turn()
  }
  const journal = (): Journal => ({
    hsm: HSM,
    name: 'key-use',
    head: own.head() ?? assert.fail(),
    call: (operation, request) => world.as('admin', operation, request),
  })
  return { state, write, journal, world, own }
}

/** Reads one page, and the others when `meanwhile` is done. */
async function read(journal: Journal, only: AuditFilter | undefined, meanwhile: () => Promise<void>) {
  const gaps: Dropped[] = []
  const { first, previous } = journal.head
  const pages = reading(journal, first, previous, only, (gap) => void gaps.push(gap))
  const sequences: number[] = []
  let isFirst = true
  for (;;) {
    const page = await pages.page()
    if (page.read === 0) break
    sequences.push(...page.entries.map(({ sequence }) => sequence))
    if (isFirst) await meanwhile()
    isFirst = false
  }
  return { gaps, sequences, verified: pages.verified() }
}

for (const only of [undefined, { user: 'alice' }]) {
  const what = only ? 'some entries' : 'every entry'
  test(`who reads ${what} learns which were dropped meanwhile, and reads all that are kept, verified`, async (t) => {
    const { write, journal, own } = await start(t, { maxBytes: 1024 ** 2 })
    await write(2500)
    const { gaps, sequences, verified } = await read(journal(), only, () => write(5000))
    const { first, count } = own.head() ?? assert.fail()
    assert.ok(first > 2000)
    assert.deepEqual(gaps, [{ from: 1000, to: first - 1 }])
    assert.equal(verified, 1000 + count - first)
    const expected = Array.from({ length: count }, (_, at) => at).filter((at) => at < 1000 || at >= first)
    assert.deepEqual(sequences, only ? expected.filter((at) => at % 2 === 0) : expected)
  })
}

test('who reads learns when everything that would come next was dropped', async (t) => {
  const { state, write, journal, own } = await start(t, { maxAgeSeconds: 60 })
  await write(2000)
  const { gaps, verified } = await read(journal(), undefined, async () => {
    state.wall += 100_000
    await own.close()
  })
  assert.deepEqual([gaps, verified], [[{ from: 1000, to: 1999 }], 1000])
})

test('a statement of entries that are dropped begins where the journal does', async (t) => {
  const { write, journal, world } = await start(t, { maxBytes: 1024 ** 2 })
  await write(6000)
  const { first, previous } = journal().head
  const stated = await world.as('admin', 'audit.statement', { journal: 'key-use', first: 10 })
  assert.deepEqual([stated.first > 10, stated.first, stated.previous], [true, first, previous])
})

test('reading goes on while the files that are read are dropped', async (t) => {
  const { write, own } = await start(t, { maxBytes: 1024 ** 2 })
  await write(4000)
  let isWritten = false
  const writing = write(12_000).then(() => {
    isWritten = true
  })
  while (!isWritten) {
    const { first } = own.head() ?? assert.fail()
    for (const [oldest] of await Promise.all([0, first, first + 900].map((from) => own.read(from, 1000)))) {
      assert.ok(oldest && oldest.sequence >= first)
    }
  }
  await writing
})
