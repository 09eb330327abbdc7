/** What of a journal is kept, and that it goes on whatever size and age it may have from now on. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { AuditPolicy, OnFull } from '../../../src/contract/audit-policy.ts'
import { all, journalIn, turn, use } from './fixture.ts'

test('the oldest entries make room, and the chain verifies from where the journal begins then', async (t) => {
  const { open, state, bytes, files } = journalIn(t, { maxBytes: 1024 ** 2 })
  const journal = await open()
  for (let at = 0; at < 12_000; at++) {
    void journal.record(use({ actor: `user-${at}` }))
    if (at % 100 === 0) await turn()
  }
  await journal.close()
  const reopened = await open()
  const head = reopened.head() ?? assert.fail()
  assert.ok(head.first > 0 && head.count === 12_000, JSON.stringify(head))
  assert.equal(state.anchored?.first, head.first)
  assert.ok(bytes() <= 1024 ** 2 + 64 * 1024, `${bytes()} in ${files().length}`)
  const entries = await all(reopened, 1000)
  assert.equal(entries[0]?.sequence, head.first)
  assert.equal(entries.at(-1)?.actor, 'user-11999')
  assert.deepEqual(state.told, [])
  await reopened.close()
})

test('entries that are too old are dropped', async (t) => {
  const { open, state } = journalIn(t, { maxAgeSeconds: 3600 })
  const journal = await open()
  void journal.record(use({ actor: 'old' }))
  await turn()
  state.wall += 3_700_000
  void journal.record(use({ actor: 'new' }))
  await turn()
  await journal.close()
  const reopened = await open()
  assert.deepEqual(
    (await all(reopened)).map(({ actor }) => actor),
    ['new'],
  )
  await reopened.close()
})

/** Waits until it does not throw. */
async function settled(check: () => void): Promise<void> {
  for (;;) {
    try {
      return check()
    } catch {
      await turn()
    }
  }
}

/** A journal with one file that is larger than the size that the policy has from now on. */
async function shrunk(t: TestContext, onFull: OnFull, isRestarted: boolean) {
  const files = journalIn(t, { onFull })
  const journal = await files.open()
  for (let at = 0; at < 2000; at++) {
    void journal.record(use({ source: 'x'.repeat(900) }))?.catch(() => undefined)
    if (at % 100 === 0) await turn()
  }
  await turn()
  assert.deepEqual([files.files().length, files.bytes() > 1.5 * 1024 ** 2], [1, true])
  files.state.policy = { ...files.state.policy, maxBytes: 1024 ** 2 }
  if (!isRestarted) return { files, journal }
  await journal.close()
  return { files, journal: await files.open() }
}

for (const isRestarted of [false, true]) {
  const when = isRestarted ? 'while the HSM is stopped' : 'under it'
  test(`with drop-oldest, a size that shrinks ${when} below the newest file loses only what it must`, async (t) => {
    const { files, journal } = await shrunk(t, 'drop-oldest', isRestarted)
    for (let at = 0; at < 1000; at++) {
      void journal.record(use({ actor: `user-${at}`, source: 'x'.repeat(100) }))
      if (at % 100 === 0) await turn()
    }
    await journal.close()
    const head = journal.head() ?? assert.fail()
    assert.deepEqual([head.count, files.state.told], [3000, []])
    assert.ok(head.first > 0 && head.first <= 2100, JSON.stringify(head))
    assert.ok(files.bytes() <= 1024 ** 2 + 64 * 1024)
    const reopened = await files.open()
    assert.deepEqual([reopened.damage, (await all(reopened, 1000)).at(-1)?.actor], [undefined, 'user-999'])
    await reopened.close()
  })

  test(`with refuse, a size that shrinks ${when} refuses uses until the policy lets some of it go`, async (t) => {
    const ways: readonly Partial<AuditPolicy>[] = [
      { maxBytes: 1024 ** 3 },
      { onFull: 'drop-oldest' },
      { maxAgeSeconds: 60 },
    ]
    for (const way of ways) {
      const { files, journal } = await shrunk(t, 'refuse', isRestarted)
      assert.throws(() => journal.checkRoom(), { code: 'journal-full' })
      await assert.rejects(journal.record(use()) ?? assert.fail(), { code: 'journal-full' })
      files.state.wall += 61_000
      files.state.policy = { ...files.state.policy, ...way }
      await settled(() => journal.checkRoom())
      await journal.record(use({ actor: 'after' }))
      await journal.close()
      assert.equal((await all(journal, 1000)).at(-1)?.actor, 'after')
      const { first, count } = journal.head() ?? assert.fail()
      assert.deepEqual([first > 0, count], [way.maxBytes === undefined, 2001])
    }
  })
}

test('with drop-oldest, entries for which nothing can be dropped are lost, counted and told, until something can be', async (t) => {
  const { files, journal } = await shrunk(t, 'drop-oldest', false)
  files.state.isStoring = false
  let lost = 0
  for (; lost < 30; lost++) {
    void journal.record(use())
    await turn()
    files.state.now += 60_000
  }
  await turn()
  assert.ok(files.state.problems.length > 0)
  assert.ok(!files.state.problems.some((problem) => `${problem}`.includes('refuses')))
  files.state.isStoring = true
  void journal.record(use({ actor: 'after' }))
  await journal.close()
  const entries = await all(journal)
  assert.equal(entries.length + entries.reduce((sum, entry) => sum + (entry.lost ?? 0), 0), lost + 1)
  assert.equal(entries.at(-1)?.actor, 'after')
})

test('entries that are too old are dropped although no other is written', async (t) => {
  const { open, state, files } = journalIn(t, { maxAgeSeconds: 3600 })
  const journal = await open()
  void journal.record(use())
  await turn()
  const { hash } = journal.head() ?? assert.fail()
  state.wall += 3_700_000
  await journal.close()
  assert.deepEqual([files(), journal.head()], [[], { first: 1, previous: hash, count: 1, hash }])
  assert.deepEqual(state.anchored, journal.head())
  const reopened = await open()
  assert.deepEqual([reopened.damage, await reopened.read(0, 10)], [undefined, []])
  void reopened.record(use())
  await reopened.close()
  assert.equal((await all(reopened)).at(0)?.previous, hash)
})

test('with drop-oldest on a full disk, entries wait until there is room, and none of them is lost', async (t) => {
  const { open, state, directory } = journalIn(t)
  mkdirSync(directory)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', directory]).status !== 0) {
    return t.skip('no file system can be mounted here')
  }
  try {
    const journal = await open()
    for (let at = 0; at < 4000; at++) {
      void journal.record(use({ source: 'x'.repeat(200) }))
      if (at % 20 === 0) await turn()
    }
    await journal.close()
    const entries = await all(journal, 1000)
    const [oldest] = entries
    assert.deepEqual([state.told, entries.at(-1)?.sequence], [[], 3999])
    assert.ok(oldest && oldest.sequence > 0)
    assert.ok(entries.every(({ lost }) => lost === undefined))
  } finally {
    spawnSync('umount', [directory])
  }
})
