/** Writing to a store behind its back. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { it } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { contents, logged, put, sampleCluster, sampleKey, sampleUser } from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore } from '../../contract/store-sqlite.ts'

export type Row = { readonly key: string; readonly revision: number; readonly sealed: Uint8Array }

export const pathIn = (directory: string): string => join(directory, 'store.db')

/** A closed store with a few records and two entries in its log. */
export async function makeStore(directory: string) {
  const store = openStore(directory)
  await store.transact(() => put(sampleCluster(), sampleUser(1), sampleUser(2), sampleKey(1), sampleKey(2)))
  await store.transact((view) => logged(view, 'hsm-1', 'key.share'))
  await store.transact((view) => logged(view, 'hsm-1', 'key.unshare'))
  const whole = contents(store.catalog)
  await store.close()
  return whole
}

export function edit<T>(directory: string, change: (database: DatabaseSync) => T): T {
  using database = new DatabaseSync(pathIn(directory))
  return change(database)
}

export const rowsOf = (database: DatabaseSync): readonly Row[] =>
  database.prepare('SELECT key, revision, sealed FROM record ORDER BY key').all() as unknown as Row[]

export function setRow(database: DatabaseSync, { key, revision, sealed }: Row): void {
  database
    .prepare('INSERT OR REPLACE INTO record (key, revision, sealed) VALUES (?, ?, ?)')
    .run(key, revision, sealed)
}

export function isRefused(directory: string, message: RegExp): void {
  assert.throws(
    () => openStore(directory),
    (error) => {
      assert.ok(error instanceof HsmError, String(error))
      assert.equal(error.code, 'store-damaged')
      assert.match(error.message, message)
      return true
    },
  )
}

export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

/** Makes a store for each case, spoils it, and expects the message. */
export const damageTest = (
  name: string,
  spoil: (database: DatabaseSync) => void,
  message: RegExp,
  setUp: (directory: string) => Promise<unknown> = makeStore,
) =>
  it(name, () =>
    inTemporaryDirectory(async (directory) => {
      await setUp(directory)
      edit(directory, spoil)
      isRefused(directory, message)
    }),
  )
