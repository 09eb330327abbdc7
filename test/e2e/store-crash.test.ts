/** A process that writes to a store is killed; what it acknowledged is there, and nothing is there by half. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { verifyEntries } from '../../src/audit/chain.ts'
import { storeIdentity } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { put } from '../contract/store-samples.ts'
import { inTemporaryDirectory, openStore, optionsFor } from '../contract/store-sqlite.ts'

const ROUNDS = 15
const PRLIMIT = '/usr/bin/prlimit'
const WRITER = new URL('store-crash-writer.ts', import.meta.url).pathname
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning', WRITER] as const

/** Starts the writer, behind `wrapper` if given, and reads what it prints line by line. */
function startWriter(directory: string, wrapper: readonly string[] = []) {
  const [command = '', ...words] = [...wrapper, ...NODE, directory]
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}

type Writer = ReturnType<typeof startWriter>

/** Reads acknowledgements until there are `count`, then kills at once; what came meanwhile counts as well. */
async function killAfter(count: number, { child, lines }: Writer): Promise<number> {
  let newest = 0
  for (let read = 0; ; read++) {
    if (read === count) child.kill('SIGKILL')
    const { value, done } = await lines.next()
    if (done) return newest
    newest = Number(value)
  }
}

async function checkWhole(store: Store, acknowledged: number): Promise<number> {
  const { revision } = await store.transact(() => put())
  const count = store.catalog.cluster()?.nextReference ?? 0
  assert.ok(revision >= acknowledged, `revision ${revision} is there, ${acknowledged} was acknowledged`)
  assert.equal(count, revision)
  assert.equal(store.catalog.user('user-1')?.ordinal, count)
  assert.equal(store.catalog.keyCount(), Math.min(count, 20))
  const log = await store.audit('hsm-1', 0, count + 1)
  assert.equal(log.length, count)
  assert.equal(log.at(-1)?.operation, `write ${count}`)
  assert.equal(verifyEntries(log), undefined)
  return revision
}

/** xorshift32: small, and the same for the same seed. */
function createDice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % sides
  }
}

describe('SQLite store, killed', () => {
  it('has everything that was acknowledged, and nothing by half', (test) =>
    inTemporaryDirectory(async (directory) => {
      const seed = Number(process.env['STORE_CRASH_SEED'] ?? Date.now() % 0x7fffffff) || 1
      test.diagnostic(`STORE_CRASH_SEED=${seed}`)
      const dice = createDice(seed)
      let least = 0
      for (let round = 0; round < ROUNDS; round++) {
        const acknowledged = await killAfter(1 + dice(200), startWriter(directory))
        assert.ok(acknowledged > least)
        const store = openStore(directory)
        least = await checkWhole(store, acknowledged)
        await store.close()
      }
    }))

  it('is locked by the process that writes as long as it lives, and no longer', () =>
    inTemporaryDirectory(async (directory) => {
      const { child, lines } = startWriter(directory)
      try {
        await lines.next()
        const inUse = { code: 'store-failure', message: 'The data directory is in use by another process' }
        assert.throws(() => openStore(directory), inUse)
        assert.throws(() => storeIdentity(optionsFor(directory).path), inUse)
      } finally {
        child.kill('SIGKILL')
      }
      await once(child, 'exit')
      await openStore(directory).close()
    }))
})

describe('SQLite store on a full disk', () => {
  const linuxOnly =
    process.platform === 'linux' ? false : 'the limit on the size of files is set with prlimit'

  it('says so, changes nothing, and goes on when there is room', { skip: linuxOnly }, () =>
    inTemporaryDirectory(async (directory) => {
      const writer = startWriter(directory, [PRLIMIT, '--fsize=300000:unlimited'])
      const newest = await throughFullDisk(writer).finally(() => writer.child.kill('SIGKILL'))
      const store = openStore(directory)
      await checkWhole(store, newest)
      await store.close()
    }),
  )
})

/** Fills the disk, makes room, and lets the writer go on for a while. */
async function throughFullDisk(writer: Writer): Promise<number> {
  const acknowledged = await untilItFails(writer)
  execFileSync(PRLIMIT, ['--pid', String(writer.child.pid), '--fsize=unlimited'])
  writer.child.stdin.write('go on\n')
  const newest = await killAfter(10, writer)
  assert.ok(newest > acknowledged)
  return newest
}

/** Reads acknowledgements and what the writer says when a commit fails. */
async function untilItFails({ lines }: Writer): Promise<number> {
  let newest = 0
  for (;;) {
    const { value } = await lines.next()
    assert.ok(value, 'the writer ended')
    if (!value.startsWith('{')) {
      newest = Number(value)
      continue
    }
    const message = 'The change could not be stored; nothing was changed'
    assert.deepEqual(JSON.parse(value), { code: 'store-failure', message, unchanged: true })
    return newest
  }
}
