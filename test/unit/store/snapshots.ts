/** Stores with a snapshot beside them, of enough records to have one. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createSealer } from '../../../src/crypto/seal.ts'
import { toOctets } from '../../../src/model/octets.ts'
import type { KeyRecord, StoredRecord, Write } from '../../../src/model/records.ts'
import type { SnapshotPlace } from '../../../src/store/snapshot/file.ts'
import { type SqliteStore, sqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import {
  contents,
  logged,
  reference,
  sampleCluster,
  sampleKey,
  sampleLogin,
  sampleUser,
  write as sampleWrite,
} from '../../contract/store-samples.ts'
import { openStore, optionsFor } from '../../contract/store-sqlite.ts'

export const KEYS = 1200
export const MASTER_KEY = Buffer.alloc(32, 0x5a)

type Line = { readonly level: string; readonly message: string; readonly [field: string]: unknown }
type Opened = { readonly store: SqliteStore; readonly lines: readonly Line[] }

export const snapshotIn = (directory: string): string => join(directory, 'snapshot')

const placeIn = (directory: string, changes: Partial<SnapshotPlace> = {}): SnapshotPlace => ({
  path: snapshotIn(directory),
  sealer: createSealer(MASTER_KEY, 'snapshot', optionsFor(directory).clusterId),
  owner: 'hsm-1',
  ...changes,
})

export function openWith(directory: string, changes: Partial<SnapshotPlace> = {}): Opened {
  const lines: Line[] = []
  const store = sqliteStore({
    ...optionsFor(directory),
    snapshot: {
      place: placeIn(directory, changes),
      log: (level, fields, message) => lines.push({ ...fields, level, message }),
    },
  })
  return { store, lines }
}

export const write = (store: SqliteStore, ...writes: readonly Write[]) =>
  store.transact(() => ({ writes, audit: [], result: undefined }))
export const puts = (...records: readonly StoredRecord[]): readonly Write[] =>
  records.map((record) => sampleWrite(record))

/** Of every kind, with everything that can be left out and that a later version may have added. */
export const records = (): readonly StoredRecord[] => [
  sampleCluster(),
  sampleUser(1, { password: '$argon2id$' }),
  sampleUser(2),
  sampleLogin(1, { availabilityCheck: true }),
  sampleLogin(2),
  {
    kind: 'certificate',
    id: reference(9000),
    owner: 'user-1',
    label: 'ca',
    idAttribute: '0x',
    value: 'AA==',
  },
  { kind: 'audit-head', id: 'hsm-2', count: 3, hash: 'ab', keyUse: undefined },
  { ...sampleKey(8000), future: { note: null } } as KeyRecord,
  sampleKey(8001, {
    keyType: 'rsa',
    keyClass: 'private-key',
    rsa: {
      publicExponent: '0x010001',
      modulus: toOctets(Uint8Array.from({ length: 256 }, (_, at) => at)),
      modulusSizeBits: 2048,
    },
    subject: '0x3000',
    wrapTemplate: { sign: false },
    unwrapTemplate: undefined,
    checkValue: undefined,
    sharedWith: ['user-2'],
  }),
  ...Array.from({ length: KEYS }, (_, at) => sampleKey(at + 1, { label: `zahlung ${at} — ✓` })),
]

/** A closed store with a snapshot. */
export async function makeStore(directory: string) {
  const { store } = openWith(directory)
  await write(store, ...puts(...records()))
  await store.transact((view) => logged(view, 'hsm-1', 'key.share'))
  await store.close()
  assert.ok(existsSync(snapshotIn(directory)))
  return contents(store.catalog)
}

export async function openedWithout(directory: string) {
  const store = openStore(directory)
  await store.close()
  return contents(store.catalog)
}

/** Opens with the snapshot, and expects what is there without it. */
export async function isUsed(directory: string, changed: number): Promise<void> {
  const expected = await openedWithout(directory)
  const { store, lines } = openWith(directory)
  assert.deepEqual(contents(store.catalog), expected)
  assert.deepEqual(
    lines.map(({ level, changed: read }) => ({ level, changed: read })),
    [{ level: 'info', changed }],
  )
  await store.close()
}

export async function isNotUsed(
  directory: string,
  why: RegExp,
  changes: Partial<SnapshotPlace> = {},
): Promise<void> {
  const expected = await openedWithout(directory)
  const { store, lines } = openWith(directory, changes)
  assert.deepEqual(contents(store.catalog), expected)
  assert.equal(lines.length, 1)
  assert.equal(lines[0]?.level, 'warn')
  assert.equal(lines[0]?.message, 'the snapshot cannot be used, so all records are read')
  assert.match(String(lines[0]?.['why']), why)
  await store.close()
}
