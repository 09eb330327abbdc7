import assert from 'node:assert/strict'
import { readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { all, journalIn, turn, use } from './fixture.ts'

async function written(t: TestContext, count: number) {
  const files = journalIn(t)
  const journal = await files.open()
  for (let at = 0; at < count; at++) {
    void journal.record(use({ actor: `user-${at}` }))
    // Some of them share a frame.
    if (at % 3 === 0) await turn()
  }
  await journal.close()
  return files
}

test('entries are read back as they were written, whole and chained, also by the next process', async (t) => {
  const { open, state } = await written(t, 20)
  const journal = await open()
  const entries = await all(journal)
  assert.deepEqual(
    entries.map(({ sequence, actor }) => [sequence, actor]),
    Array.from({ length: 20 }, (_, at) => [at, `user-${at}`]),
  )
  const { version, hsm, previous, hash, sequence, ...event } = entries[0] ?? assert.fail()
  assert.deepEqual([version, hsm, sequence, previous], [2, 'hsm-a', 0, '0'.repeat(64)])
  assert.deepEqual(event, use({ actor: 'user-0' }))
  void journal.record(use({ actor: 'later' }))
  assert.equal((await all(journal)).length, 21)
  await journal.close()
  assert.equal(state.anchored?.count, 21)
  assert.equal(state.anchored?.hash, (await all(journal)).at(-1)?.hash)
  assert.deepEqual(state.told, [])
  assert.notEqual(hash, previous)
})

test('the directory may be moved elsewhere and linked to while the HSM is stopped', async (t) => {
  const { open, directory } = await written(t, 20)
  const elsewhere = `${directory}.elsewhere`
  renameSync(directory, elsewhere)
  symlinkSync(elsewhere, directory)
  const journal = await open()
  void journal.record(use())
  await journal.close()
  assert.deepEqual([journal.damage, (await all(journal)).length], [undefined, 21])
})

test('nothing is recorded when the policy is off, and nothing is on disk', async (t) => {
  const { open, state } = journalIn(t, { keyUse: 'off' })
  const journal = await open()
  assert.equal(journal.record(use()), undefined)
  assert.equal(journal.isOn(), false)
  await journal.close()
  assert.equal(state.anchored, undefined)
  assert.equal(journal.head(), undefined)
})

test('names, keys and operations cannot be read in the files', async (t) => {
  const { files, file } = await written(t, 20)
  for (const name of files()) {
    const bytes = readFileSync(file(name)).toString('latin1')
    for (const word of ['user-', 'crypto.sign', '0000000000000123', 'ecdsa']) {
      assert.equal(bytes.includes(word), false)
    }
  }
})

test('what was being written when the process was killed is cut off, and the journal goes on', async (t) => {
  const { open, files, file, state } = await written(t, 20)
  const [name = ''] = files()
  const whole = readFileSync(file(name)).length
  state.anchored = undefined
  for (const cut of [1, 3, 4, 20]) {
    truncateSync(file(name), whole - cut)
    const journal = await open()
    const left = (await all(journal)).length
    assert.ok(left < 20 && left >= 16, `${left}`)
    assert.equal(journal.damage, undefined)
    assert.ok(state.told.some((message) => message.includes('cut off')))
    for (let at = left; at < 20; at++) void journal.record(use({ actor: `user-${at}` }))
    await journal.close()
    state.anchored = undefined
    assert.equal((await all(journal)).length, 20)
  }
})

test('a byte that is changed is found, in whatever part of the file', async (t) => {
  const { open, files, file, tamper, state } = await written(t, 12)
  const [name = ''] = files()
  const original = readFileSync(file(name))
  const { anchored } = state
  // All of what comes before the entries, then some bytes of each frame.
  for (let at = 0; at < original.length; at += at < 320 ? 4 : 13) {
    tamper(name, () => {
      const changed = Buffer.from(original)
      changed[at] = (changed[at] ?? 0) ^ 1
      return changed
    })
    state.anchored = anchored
    const journal = await open()
    assert.notEqual(journal.damage, undefined, `byte ${at}`)
    await assert.rejects(all(journal), { code: 'store-damaged' }, `byte ${at}`)
    await journal.close()
    for (const other of files()) if (other !== name) rmSync(file(other))
  }
})

test('a tail that is cut off at a frame is found by what the store remembers', async (t) => {
  const { open, files, tamper, state } = await written(t, 12)
  const [name = ''] = files()
  tamper(name, (bytes) => bytes.subarray(0, bytes.length - 1))
  const journal = await open()
  assert.match(journal.damage ?? '', /^it ends before entry/)
  await assert.rejects(all(journal), { code: 'store-damaged' })
  void journal.record(use({ actor: 'after' }))
  await turn()
  assert.equal(journal.head()?.count, 13)
  assert.equal((await journal.read(12, 1))[0]?.previous, state.anchored?.hash)
  await journal.close()
})

test('files that somebody has put there keep neither the journal from going on nor its sequences from being whole numbers', async (t) => {
  const home = journalIn(t)
  const before = await home.open()
  void before.record(use())
  await before.close()
  for (const name of ['9999999999999999.log', '9007199254740991.log']) {
    writeFileSync(home.file(name), Buffer.alloc(5000))
  }
  symlinkSync(join(home.directory, 'nowhere'), home.file('0000000000000100.log'))
  const journal = await home.open()
  void journal.record(use())
  await journal.close()
  assert.deepEqual([home.state.anchored?.first, home.state.anchored?.count], [0, 2])
  assert.equal((await all(journal)).length, 2)
})

test('with refuse, what has no room is refused before and after the use, nothing is dropped, and each refusal is told once', async (t) => {
  const { open, state, bytes } = journalIn(t, { onFull: 'refuse', maxBytes: 128 * 1024 })
  const journal = await open()
  let released = 0
  let refused = 0
  for (let at = 0; at < 400; at++) {
    await journal.record(use({ source: 'x'.repeat(400) }))?.then(
      () => {
        released += 1
      },
      ({ code }: { code: string }) => {
        assert.equal(code, 'journal-full')
        refused += 1
        // As the HSM does.
        return journal.record(use({ outcome: code, source: 'x'.repeat(400) }))?.catch(() => undefined)
      },
    )
  }
  assert.throws(() => journal.checkRoom(), { code: 'journal-full' })
  assert.ok(released > 50 && refused > 50)
  assert.ok(bytes() <= 128 * 1024)
  assert.equal((await all(journal)).length, released)
  state.policy = { ...state.policy, maxBytes: 1024 ** 2 }
  journal.checkRoom()
  await journal.record(use())
  await journal.close()
  const told = (await all(journal)).slice(released)
  const sum = (numbers: readonly (number | undefined)[]) => numbers.reduce<number>((a, b) => a + (b ?? 0), 0)
  const refusals = told.filter(({ outcome }) => outcome === 'journal-full')
  const lost = sum(told.map((entry) => entry.lost))
  assert.ok(lost <= 20)
  assert.equal(sum(refusals.map(({ count = 1 }) => count)) + lost, refused)
})

test('with refuse, an entry is in the file when its use is released', async (t) => {
  const { open, files, file } = journalIn(t, { onFull: 'refuse' })
  const journal = await open()
  const before = () => files().reduce((sum, name) => sum + readFileSync(file(name)).length, 0)
  await Promise.all(Array.from({ length: 50 }, () => journal.record(use())))
  const size = before()
  const waiting = journal.record(use())
  assert.notEqual(waiting, undefined)
  await waiting
  assert.ok(before() > size)
  assert.equal((await all(journal)).length, 51)
  await journal.close()
})

test('without refuse nothing is waited for', async (t) => {
  const { open } = journalIn(t)
  const journal = await open()
  assert.equal(journal.record(use()), undefined)
  await journal.close()
})
