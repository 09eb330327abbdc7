/** Reading a journal of which the audit policy lets go meanwhile: that is said, and is no damage. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { exportJournal } from '../../../src/administration/audit/export.ts'
import { type Dropped, type Journal, reading } from '../../../src/administration/audit/journals.ts'
import { verifyLive } from '../../../src/administration/audit/verify.ts'
import type { AuditFilter } from '../../../src/audit/filter.ts'
import type { AuditPolicy } from '../../../src/contract/audit-policy.ts'
import type { Request } from '../../../src/contract/operations.ts'
import { replaceFile } from '../../../src/home/files.ts'
import { makeHome } from '../../../src/home/home.ts'
import { announce } from '../../../src/home/running.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import { temporaryHome } from '../../support/homes.ts'
import { createWorld, PASSWORD } from '../../support/world.ts'
import { HSM, journalIn, turn, use } from '../journal/fixture.ts'
import { authority, startServer } from '../server/fixture.ts'

const ADMIN = { username: 'admin', role: 'admin', password: PASSWORD } as const

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
  return { state, write, journal, world, own, engine }
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

/** The home of an HSM that lets go of entries before it answers the pages of its key-use journal that are numbered. */
async function serving(t: TestContext, dropping: readonly number[]) {
  const { write, own, engine } = await start(t, { maxBytes: 1024 ** 2 })
  await write(2500)
  let pages = 0
  const { port } = await startServer(t, async (operation, request, token, source) => {
    const isPage = operation === 'audit.list' && (request as Request<'audit.list'>).journal === 'key-use'
    if (isPage && dropping.includes(pages++)) await write(5000)
    return engine.call(operation as 'audit.list', request as object, token, source)
  })
  const { home, remove } = temporaryHome()
  t.after(remove)
  makeHome(home)
  replaceFile(home.caCert, authority.cert, 'public')
  announce(home, { pid: process.pid, host: '127.0.0.1', port })
  return { home, own }
}

async function exported(t: TestContext, dropping: readonly number[]) {
  const { home, own } = await serving(t, dropping)
  let printed = ''
  const { exit, text } = await exportJournal(home, {
    ...{ who: ADMIN, hsm: undefined, journal: 'key-use', after: undefined, since: undefined },
    async print(some) {
      printed += some
    },
  })
  const lines = printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { exit, text, lines, first: own.head()?.first }
}

for (const page of [0, 1, 2, 3]) {
  test(`a journal of which entries are dropped before page ${page} is read is verified from where it begins then`, async (t) => {
    const { home, own } = await serving(t, [page])
    const { exit, text } = await verifyLive(home, ADMIN, undefined)
    assert.equal(exit, 0, text)
    assert.match(text, new RegExp(`entries from ${own.head()?.first} on, older ones are dropped`))
  })
}

test('an export begins again when the first entry is dropped before it is read', async (t) => {
  const { exit, text, lines, first } = await exported(t, [0, 1])
  assert.equal(exit, 0, text)
  const statement = lines.pop()
  assert.ok(statement.first > 2500)
  assert.deepEqual(
    [statement.first, lines[0].sequence, lines[0].previous],
    [first, first, statement.previous],
  )
  assert.deepEqual([lines.at(-1).hash, lines.length], [statement.hash, statement.count - statement.first])
})

test('an export of which entries are dropped later has no statement, and an error that says why', async (t) => {
  const { exit, text, lines } = await exported(t, [1])
  assert.deepEqual([exit, lines.length, 'statement' in lines.at(-1)], [1, 1000, false])
  assert.match(text, /has dropped entries before they were exported/)
})
