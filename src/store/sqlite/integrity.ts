/**
 * SQLite's check of all pages of a database. It reads the whole file, which takes a fifth of the time that a start with many
 * records needs, so of a large one it is made in a thread of its own while the records are read.
 */
import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { checkIntegrity } from './database.ts'

/** Of a smaller one the check takes less than a thread needs to begin. */
const LARGE_BYTES = 64 * 2 ** 20
/** What a thread has to begin. */
const BEGIN_MS = 10_000

/** What the thread says, in a place that both see. */
const STATES = { waiting: 0, checking: 1, sound: 2, unsound: 3, unwanted: 4 } as const

type Task = { readonly path: string; readonly state: Int32Array; readonly states: typeof STATES }

/**
 * What `read` makes of a database whose pages are sound: that is known when this returns, and before what `read` throws is
 * thrown. Only a clear answer of the thread counts; without it the check is made here.
 *
 * @param path of the database, which nobody may change meanwhile
 * @throws HsmError `store-damaged` when a page is not sound; otherwise what `read` throws
 */
export function checkedWhile<T>(database: DatabaseSync, path: string, read: () => T): T {
  if (statSync(path).size < LARGE_BYTES) {
    checkIntegrity(database, path)
    return read()
  }
  const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  begin({ path, state, states: STATES })
  try {
    return read()
  } finally {
    if (!isSound(state)) checkIntegrity(database, path)
  }
}

function begin(workerData: Task): void {
  const worker = new Worker(`(${check})()`, { eval: true, name: 'integrity-check', env: {}, workerData })
  // The state tells, also of a thread that could not begin.
  worker.on('error', () => undefined)
  worker.unref()
}

/** Waits for the thread, which has let go of the file when this returns. */
function isSound(state: Int32Array): boolean {
  Atomics.wait(state, 0, STATES.waiting, BEGIN_MS)
  Atomics.compareExchange(state, 0, STATES.waiting, STATES.unwanted)
  Atomics.wait(state, 0, STATES.checking)
  return Atomics.load(state, 0) === STATES.sound
}

/** What the thread runs: its source goes there, so it can use nothing of this file. */
function check(): void {
  const { workerData } = process.getBuiltinModule('node:worker_threads')
  const sqlite = process.getBuiltinModule('node:sqlite')
  const { path, state, states }: Task = workerData
  if (Atomics.compareExchange(state, 0, states.waiting, states.checking) !== states.waiting) return
  let found: number = states.unsound
  try {
    const database = new sqlite.DatabaseSync(path, { readOnly: true })
    const { integrity_check: answer } = database.prepare('PRAGMA integrity_check').get() ?? {}
    database.close()
    if (answer === 'ok') found = states.sound
  } finally {
    Atomics.store(state, 0, found)
    Atomics.notify(state, 0)
  }
}
