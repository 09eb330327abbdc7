/** A process that writes a snapshot is killed, or has no room for it: the store is what it was, and so is the next start. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { contents } from '../contract/store-samples.ts'
import { inTemporaryDirectory } from '../contract/store-sqlite.ts'
import { openedWithout, openWith, puts, records, snapshotIn, write } from '../unit/store/snapshots.ts'

const ROUNDS = 10
const PRLIMIT = '/usr/bin/prlimit'
const WRITER = new URL('store-snapshot-writer.ts', import.meta.url).pathname
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning', WRITER] as const

function startWriter(directory: string, wrapper: readonly string[] = []) {
  const [command = '', ...words] = [...wrapper, ...NODE, directory]
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}

/** Kills the writer `ms` after what it says next. @returns the newest revision that was acknowledged */
async function killAfter(ms: number, { child, lines }: ReturnType<typeof startWriter>): Promise<number> {
  let newest = 0
  let isFirst = true
  for await (const line of { [Symbol.asyncIterator]: () => lines }) {
    if (isFirst) setTimeout(() => child.kill('SIGKILL'), ms)
    isFirst = false
    if (/^\d+$/.test(line)) newest = Number(line)
  }
  return newest
}

describe('a snapshot that is being written', () => {
  it('is the one before, none, or a whole one when the process is killed', (test) =>
    inTemporaryDirectory(async (directory) => {
      const { store } = openWith(directory)
      await write(store, ...puts(...records()))
      await store.close()
      for (let round = 0; round < ROUNDS; round++) {
        const ms = Math.floor(Math.random() * 300)
        test.diagnostic(`killed after ${ms} ms`)
        const acknowledged = await killAfter(ms, startWriter(directory))
        const without = await openedWithout(directory)
        const again = openWith(directory)
        assert.deepEqual(contents(again.store.catalog), without)
        const { revision } = await write(again.store)
        assert.ok(revision >= acknowledged)
        for (const { level } of again.lines) assert.equal(level, 'info')
        await again.store.close()
        assert.ok(!existsSync(`${snapshotIn(directory)}.new`))
      }
    }))

  const linuxOnly =
    process.platform === 'linux' ? false : 'the limit on the size of files is set with prlimit'

  it('is given up when the disk is full, and the HSM goes on', { skip: linuxOnly }, () =>
    inTemporaryDirectory(async (directory) => {
      const { store } = openWith(directory)
      await write(store, ...puts(...records()))
      await store.close()
      const writer = startWriter(directory, [PRLIMIT, '--fsize=80000:80000'])
      const said: string[] = []
      for await (const line of { [Symbol.asyncIterator]: () => writer.lines }) {
        said.push(line)
        if (line.startsWith('warn')) break
      }
      writer.child.kill('SIGKILL')
      await once(writer.child, 'exit')
      assert.ok(said.filter((line) => /^\d+$/.test(line)).length >= 3, said.join())
      assert.equal(said.at(-1), 'warn: no snapshot can be written: the next start will take longer')
      assert.ok(!existsSync(`${snapshotIn(directory)}.new`))
      const without = await openedWithout(directory)
      const again = openWith(directory)
      assert.deepEqual(contents(again.store.catalog), without)
      await again.store.close()
    }),
  )
})
