/** A group of transactions as one of etcd: it changes nothing unless the root still is the one the bodies ran on. */
import type { RecordSet } from '../record-set.ts'
import { sealEntry } from '../sealing.ts'
import type { Gathered } from './gathering.ts'
import type { Keyspace } from './keyspace.ts'
import type { CommittedRoot } from './load.ts'
import { guarded, type Operation, put, remove, type Transaction } from './requests.ts'
import { writeRecord, writeRoot } from './values.ts'

/** A group of transactions as one of etcd, and how it is known afterwards whether it took place. */
export type Prepared = {
  readonly transaction: Transaction
  /** Sealed with a nonce, so no other commit has a root of the same bytes. */
  readonly root: Uint8Array
  /** The first audit entry, which nobody ever writes over: proof of the commit for as long as the store lasts. */
  readonly proof: { readonly key: Uint8Array; readonly value: Uint8Array } | undefined
}

type Sealing = Pick<Keyspace, 'keys' | 'sealer' | 'masterKeyCheck'>

/** The transaction that commits these changes if the root is still the one that stands. */
export function prepare(
  { keys, sealer, masterKeyCheck }: Sealing,
  standing: CommittedRoot,
  records: RecordSet,
  { changes, audit, format }: Pick<Gathered, 'changes' | 'audit' | 'format'>,
): Prepared {
  const commit = standing.root.revision + 1
  const root = writeRoot(sealer, masterKeyCheck, rootAfter(records, changes, commit))
  const entries = audit.map((entry) => ({
    key: keys.entry(entry.hsm, entry.sequence),
    value: sealEntry(sealer, entry),
  }))
  const operations: Operation[] = [
    ...changes.map(({ key, record }) =>
      record ? put(keys.record(key), writeRecord(sealer, record, commit, format)) : remove(keys.record(key)),
    ),
    ...entries.map(({ key, value }) => put(key, value)),
    put(keys.root, root),
  ]
  return { transaction: guarded(keys.root, standing.revision, operations), root, proof: entries[0] }
}

/** The root of what the set will be; the set itself follows when the commit has come back through the watch. */
function rootAfter(records: RecordSet, changes: Gathered['changes'], commit: number) {
  const before = changes.map(({ key, record }) => ({ key, commit: records.replace(key, record && commit) }))
  const root = records.root(commit)
  for (const { key, commit: earlier } of before) records.replace(key, earlier)
  return root
}
