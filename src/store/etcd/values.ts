/** What stands in etcd under a key: sealed bytes, behind what must be known to open them. */

import type { MemberKey } from '../../cluster/coordination.ts'
import { HsmError } from '../../contract/errors.ts'
import { shown } from '../../contract/shown.ts'
import type { WholeRecord } from '../../model/records.ts'
import { openRoot, type Root, sealRoot } from '../record-set.ts'
import type { Sealer } from '../sealer.ts'
import { open, openRecord, sealRecord } from '../sealing.ts'

const NUMBER_BYTES = 8
const CHECK_BYTES = 8

/** The number of the commit, then the record sealed for its key and that number: as SQLite has them in two columns. */
export function writeRecord(sealer: Sealer, record: WholeRecord, commit: number, format: number): Buffer {
  const number = Buffer.alloc(NUMBER_BYTES)
  number.writeBigUInt64BE(BigInt(commit))
  return Buffer.concat([number, sealRecord(sealer, record, commit, format)])
}

/** @returns the record, and the number of the commit that wrote it */
export function readRecord(sealer: Sealer, key: string, value: Uint8Array) {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const number = bytes.length < NUMBER_BYTES ? 0n : bytes.readBigUInt64BE()
  if (number === 0n || number > Number.MAX_SAFE_INTEGER) {
    throw new HsmError('store-damaged', `Record ${shown(key)} is damaged: it has no number`)
  }
  const commit = Number(number)
  return { commit, record: openRecord(sealer, key, commit, bytes.subarray(NUMBER_BYTES)) }
}

/** @param check 16 hex digits that tell the master key, in clear, then the sealed root */
export const writeRoot = (sealer: Sealer, check: string, root: Root): Buffer =>
  Buffer.concat([Buffer.from(check, 'hex'), sealRoot(sealer, root)])

/** The check that a root begins with. */
export const checkOf = (value: Uint8Array): string =>
  Buffer.from(value.subarray(0, CHECK_BYTES)).toString('hex')

/** @throws HsmError `store-damaged` when the root was sealed under another master key */
export function refuseOtherMasterKey(check: string, value: Uint8Array): void {
  if (checkOf(value) === check) return
  throw new HsmError('store-damaged', 'The store in etcd was sealed under another master key')
}

/** @throws HsmError `store-damaged` when it was sealed under another master key, or changed */
export function readRoot(sealer: Sealer, check: string, value: Uint8Array): Root {
  refuseOtherMasterKey(check, value)
  return openRoot(sealer, value.subarray(CHECK_BYTES))
}

const memberContext = (key: MemberKey) => `member\n${key}`

/** Sealed for its own key. */
export const writeMember = (sealer: Sealer, key: MemberKey, value: string): Buffer =>
  sealer.seal(Buffer.from(value), memberContext(key))

/** @throws HsmError `store-damaged` when it was sealed for another key, or changed */
export const readMember = (sealer: Sealer, key: MemberKey, value: Uint8Array): string =>
  open(sealer, value, memberContext(key), `The entry ${shown(key)}`).toString('utf8')

/** Not in constant time: for sealed values, which are no secrets. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
