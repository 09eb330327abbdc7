/**
 * Tells whether a store still holds exactly the records that were written to it. The seal of a record proves that
 * it was once written, not that it is the newest or that none is missing; for that the set of all (key, revision)
 * pairs is hashed, with MSet-XOR-Hash (Clarke et al., ASIACRYPT 2003): the XOR of a secret mark of each pair, with
 * their number. A change costs two marks, however many records there are. The digest is kept sealed.
 */
import { timingSafeEqual } from 'node:crypto'
import { HsmError } from '../contract/errors.ts'
import { count, object, optional, type Read, text } from '../model/shape.ts'
import type { Sealer } from './sealer.ts'
import { markOf, open } from './sealing.ts'

/** What a store must hold. */
export type Root = {
  /** Of the newest commit. */
  readonly revision: number
  readonly records: number
  /** 32 bytes in hex. */
  readonly digest: string
  /** There is a high-water mark beside the store, which must not be missing. */
  readonly marked?: true | undefined
}

export interface RecordSet {
  /** Where each record stands. */
  readonly revisions: ReadonlyMap<string, number>
  /** Of all revisions, modulo 2^32: no proof of anything, but a mistake of ours would show. */
  revisionSum(): number
  /**
   * @param revision at which the record stands from now on; undefined when it is gone
   * @returns at which it stood
   */
  replace(key: string, revision: number | undefined): number | undefined
  /** The root of a store that holds this set. */
  root(revision: number): Root
  /** @throws HsmError `store-damaged` when the set is not the one of the root, saying how it differs */
  verify(root: Root): void
}

/** What somebody who has the master key has said to belong together. */
export type ProvenSet = { readonly revisions: Map<string, number>; readonly digest: string }

const DIGEST_BYTES = 32
const SUM_MODULUS = 2 ** 32
/** Records too many that are read all the same: one alone can be named, more than a few say nothing more. */
const MOST_SURPLUS = 1000

/**
 * To be asked while a store is read, so that what was put back into it takes no memory without bound.
 *
 * @throws HsmError `store-damaged` when there are far more records than the root says
 */
export function refuseSurplus(records: RecordSet, root: Root): void {
  if (records.revisions.size > root.records + MOST_SURPLUS) records.verify(root)
}

/**
 * Empty at first. The digest is the XOR of a MAC for each (key, revision).
 *
 * @param from a set to go on with, which is the caller's no more, and its digest: proven to be of that set
 */
export function createRecordSet(sealer: Sealer, from?: ProvenSet): RecordSet {
  const revisions = from?.revisions ?? new Map<string, number>()
  const digest = from ? Buffer.from(from.digest, 'hex') : Buffer.alloc(DIGEST_BYTES)
  let sum = 0
  for (const revision of revisions.values()) sum = (sum + revision) % SUM_MODULUS

  return {
    revisions,
    revisionSum: () => sum,
    replace(key, revision) {
      const before = revisions.get(key)
      if (before !== undefined) xorInto(digest, markOf(sealer, key, before))
      if (revision === undefined) revisions.delete(key)
      else {
        xorInto(digest, markOf(sealer, key, revision))
        revisions.set(key, revision)
      }
      sum = (sum + SUM_MODULUS + (((revision ?? 0) - (before ?? 0)) % SUM_MODULUS)) % SUM_MODULUS
      return before
    },
    root: (revision) => ({ revision, records: revisions.size, digest: digest.toString('hex') }),
    verify(root) {
      const expected = Buffer.from(root.digest, 'hex')
      if (revisions.size === root.records && timingSafeEqual(digest, expected)) return
      xorInto(expected, digest)
      const intruder = revisions
        .entries()
        .find(([key, revision]) => timingSafeEqual(markOf(sealer, key, revision), expected))
      throw new HsmError('store-damaged', difference(revisions.size - root.records, intruder?.[0]))
    },
  }
}

/** @param intruder the one record that the set would be right without */
function difference(surplus: number, intruder: string | undefined): string {
  if (intruder !== undefined) {
    return `The store is damaged: record ${intruder} was deleted and has been put back from an older copy`
  }
  if (surplus < 0) return `The store is damaged: records are missing (${-surplus})`
  if (surplus > 0) return `The store is damaged: records were put back from an older copy (${surplus})`
  return 'The store is damaged: a record is older than it should be, put back from an older copy'
}

function xorInto(target: Buffer, mark: Buffer): void {
  for (let at = 0; at < DIGEST_BYTES; at++) target[at] = (target[at] ?? 0) ^ (mark[at] ?? 0)
}

const ROOT_CONTEXT = 'root'
const always: Read<true> = (value) => {
  if (value === true) return true
  throw new TypeError('a member is not true')
}
const readRoot = object<Root>({ revision: count, records: count, digest: text, marked: optional(always) })

/** @returns what `openRoot` opens */
export const sealRoot = (sealer: Sealer, root: Root): Buffer =>
  sealer.seal(Buffer.from(JSON.stringify(root)), ROOT_CONTEXT)

/** @throws HsmError `store-damaged` */
export const openRoot = (sealer: Sealer, sealed: Uint8Array): Root =>
  readRoot(JSON.parse(open(sealer, sealed, ROOT_CONTEXT, 'The root record').toString('utf8')))
