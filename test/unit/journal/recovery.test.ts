/** Files of a journal that are removed, swapped or put back while the HSM is stopped, and those that it had not removed yet. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { all, journalIn, turn, use } from './fixture.ts'

/** A journal of several files, and the same files as often as they are needed. */
async function severalFiles(t: TestContext) {
  const files = journalIn(t, { maxBytes: 1024 ** 2 })
  const journal = await files.open()
  for (let at = 0; at < 1000; at++) void journal.record(use({ actor: `user-${at}`, source: 'x'.repeat(200) }))
  await journal.close()
  const names = files.files()
  assert.ok(names.length >= 3)
  const contents = new Map(names.map((name) => [name, readFileSync(files.file(name))]))
  const { anchored } = files.state
  return {
    ...files,
    names,
    anchored: anchored ?? assert.fail(),
    content: (name: string) => contents.get(name) ?? Buffer.alloc(0),
    restore() {
      rmSync(files.directory, { recursive: true, force: true })
      mkdirSync(files.directory)
      for (const [name, bytes] of contents) writeFileSync(files.file(name), bytes)
      files.state.anchored = anchored
    },
  }
}

test('files that are missing, swapped or put back from before are found, also after the journal has gone on', async (t) => {
  const { names, content, restore, tamper, file, directory, open } = await severalFiles(t)
  const [oldest = '', second = ''] = names
  const newest = names.at(-1) ?? ''
  const attempts: readonly (() => void)[] = [
    () => rmSync(file(oldest)),
    () => {
      rmSync(file(oldest))
      rmSync(file(second))
    },
    () => rmSync(file(second)),
    () => rmSync(file(newest)),
    () => {
      tamper(oldest, () => content(second))
      tamper(second, () => content(oldest))
    },
    () => tamper(newest, (bytes) => bytes.subarray(0, 300)),
    () => rmSync(directory, { recursive: true }),
  ]
  for (const [at, attempt] of attempts.entries()) {
    restore()
    attempt()
    for (const start of [1, 2, 3]) {
      const journal = await open()
      await assert.rejects(all(journal, 1000), { code: 'store-damaged' }, `attempt ${at}, start ${start}`)
      void journal.record(use())
      await journal.close()
    }
  }
})

test('a beginning that is missing is told at each start, until what follows it is dropped', async (t) => {
  const { names, restore, file, open, state, anchored } = await severalFiles(t)
  for (const gone of [names.slice(0, 1), names.slice(0, 2), names]) {
    restore()
    for (const name of gone) rmSync(file(name))
    const next = Number.parseInt(names[gone.length] ?? `${anchored.count}`, 10)
    const damage = `entries 0 to ${next - 1} were written, and the files are missing`
    for (const start of [1, 2]) {
      const journal = await open()
      assert.equal(journal.damage, damage, `start ${start}`)
      assert.deepEqual(journal.head()?.first, 0)
      void journal.record(use())
      await journal.close()
    }
    state.policy = { ...state.policy, maxAgeSeconds: 60 }
    state.wall += 100_000
    const journal = await open()
    await journal.close()
    const later = await open()
    assert.equal(later.damage, undefined)
    await all(later)
    await later.close()
    state.policy = { ...state.policy, maxAgeSeconds: undefined }
  }
})

test('what the HSM was dropping when it was killed is dropped when it starts', async (t) => {
  const { names, restore, files, open, state, anchored } = await severalFiles(t)
  const { count, hash } = anchored
  const second = Number.parseInt(names[1] ?? '', 10)
  const before = await open()
  const [{ previous } = assert.fail()] = await before.read(second, 1)
  await before.close()
  for (const [first, left] of [
    [second, names.slice(1)],
    [count, []],
  ] as const) {
    restore()
    state.anchored = { first, previous: first === count ? hash : previous, count, hash }
    const journal = await open()
    assert.deepEqual([journal.damage, files(), journal.head()], [undefined, left, state.anchored])
    void journal.record(use())
    await turn()
    assert.equal((await all(journal, 1000)).length, count - first + 1)
    await journal.close()
  }
})
