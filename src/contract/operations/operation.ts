/** What every operation has, and pieces that several of them share. */
import * as v from 'valibot'
import { keyFilter } from '../filters.ts'

/**
 * Who may ask at the least: anyone at all, anyone logged in, or only that role. Everything beyond it
 * (who owns the key, what its attributes permit) is decided in `policy/`.
 */
export type Access = 'anyone' | 'session' | 'crypto-user' | 'admin'

/** What is done with keys: a right to use them, to change or give them away, or to see them is needed. */
export type Dealing = 'use' | 'manage' | 'read'

/**
 * What is recorded of an operation, beyond the log of the process:
 *
 * - `management`: success and refusal in the audit log
 * - `refusals`: refusals in the audit log, of what only reads
 * - `use`: both in the journal of key use, and not in the audit log
 * - `none`: nothing, of what has nothing to hide
 *
 * What is `management` and uses a key is in the journal of key use, too. Of those who are not logged in only passwords
 * and resume credentials that they tried are recorded.
 */
export type Audited = 'management' | 'refusals' | 'use' | 'none'

export type Operation = {
  readonly access: Access
  /** Takes a right back, at once: it finds room in an HSM that is busy with everything else. */
  readonly revokes?: true
  /** Members of the request that each select one key, and what is done with it: filters, or a stream that has begun. */
  readonly keys?: Readonly<Record<string, Dealing>>
  /** What is done with as many keys as fit the criteria of the request. */
  readonly several?: Dealing
  /** Members of the request that name what is no key, and what kind of object they name. */
  readonly names?: Readonly<Record<string, 'user' | 'certificate' | 'policy'>>
  readonly audit: Audited
  /** The operation that the audit log calls it by, when it does the same to several keys. */
  readonly auditedAs?: string
  readonly about: string
  readonly request: v.GenericSchema
  readonly reply: v.GenericSchema
}

/** A request without members. */
export const nothing = v.strictObject({})
/** A reply that says no more than that it is done. */
export const done = v.object({})
/** A whole number from 0. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0))
/** The member of a request that selects one key. */
export const one = { filter: keyFilter('filter') }
