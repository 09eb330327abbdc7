/** The journals of the HSMs: reading, proving and configuring them. */
import * as v from 'valibot'
import { KEY_USE, KEY_USE_LIMITS, ON_FULL } from '../audit-policy.ts'
import { LIMITS } from '../limits.ts'
import { count, nothing, type Operation } from './operation.ts'

/**
 * The journals of an HSM. `management`: changes and refusals, in the store, committed with what they tell of. `key-use`: uses of keys, in
 * files of the HSM's home, if the audit policy asks for it.
 */
export const JOURNALS = ['management', 'key-use'] as const
export type JournalName = (typeof JOURNALS)[number]

const shownValue = v.union([v.string(), v.number(), v.boolean(), v.array(v.string())])

const auditChange = v.looseObject({
  of: v.array(v.string()),
  what: v.string(),
  from: v.optional(shownValue),
  to: v.optional(shownValue),
  added: v.optional(v.array(v.string())),
  removed: v.optional(v.array(v.string())),
})

/** With what members a later version has added: the hash is over all of them. */
const auditEntry = v.looseObject({
  version: v.optional(count),
  hsm: v.string(),
  sequence: count,
  previous: v.string(),
  at: count,
  actor: v.string(),
  operation: v.string(),
  outcome: v.string(),
  subjects: v.array(v.string()),
  role: v.optional(v.string()),
  session: v.optional(v.string()),
  source: v.optional(v.string()),
  mechanism: v.optional(v.string()),
  /** Operations that the entry stands for, when more than one. */
  count: v.optional(count),
  /** Of the user that it is about, as the request says. */
  userRole: v.optional(v.string()),
  changes: v.optional(v.array(auditChange)),
  /** Changes that would have made the entry too large. */
  changesLeftOut: v.optional(count),
  /** Refusals just like this one that came before it, and have no entries. */
  leftOut: v.optional(count),
  /** Entries before this one that could not be written. */
  lost: v.optional(count),
  hash: v.string(),
})

const journal = v.optional(v.picklist(JOURNALS, 'journal must be management or key-use'), 'management')
/** Left out: the HSM that answers. Logs of HSMs that are gone, and those that came in a backup, are kept. */
const hsm = v.optional(v.pipe(v.string(), v.maxLength(128, 'hsm is too long')))
const text = (name: string) => v.optional(v.pipe(v.string(), v.maxLength(256, `${name} is too long`)))

/** Entries that fit all of it. */
const only = v.strictObject({
  /** Unix time in milliseconds, both included. */
  since: v.optional(count),
  until: v.optional(count),
  /** Who asked, or whom it is about. */
  user: text('user'),
  /** A key reference, or a label that a key has or had. */
  key: text('key'),
  /** An operation, or the beginning of several and `*`. */
  operation: text('operation'),
  /** `ok`, an error code, or `refused` for all of those. */
  outcome: text('outcome'),
})

const head = v.object({
  /** Sequence of the oldest entry that is kept, and the hash of the entry before it. */
  first: count,
  previous: v.string(),
  /** Entries written so far, and the hash of the newest. */
  count,
  hash: v.string(),
})

const auditPolicy = {
  'key-use': v.picklist(KEY_USE, `key-use must be one of ${KEY_USE.join(', ')}`),
  'on-full': v.picklist(ON_FULL, `on-full must be one of ${ON_FULL.join(', ')}`),
  'max-bytes': v.pipe(
    v.number(),
    v.integer(),
    v.minValue(KEY_USE_LIMITS.minBytes, `max-bytes must be at least ${KEY_USE_LIMITS.minBytes}`),
    v.maxValue(KEY_USE_LIMITS.maxBytes, `max-bytes must be at most ${KEY_USE_LIMITS.maxBytes}`),
  ),
  /** Null: entries are kept however old they are. */
  'max-age-seconds': v.nullable(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(
        KEY_USE_LIMITS.minAgeSeconds,
        `max-age-seconds must be at least ${KEY_USE_LIMITS.minAgeSeconds}`,
      ),
      v.maxValue(
        KEY_USE_LIMITS.maxAgeSeconds,
        `max-age-seconds must be at most ${KEY_USE_LIMITS.maxAgeSeconds}`,
      ),
    ),
  ),
}
const policyReply = v.object(auditPolicy)

/** A head that is signed with the cluster's key: see docs/AUDIT.md. */
export const statement = v.strictObject({
  statement: v.literal('strongroom-audit'),
  version: v.literal(1),
  cluster: v.string(),
  hsm: v.string(),
  journal: v.picklist(JOURNALS),
  ...head.entries,
  /** Unix time in milliseconds. */
  at: count,
  /** Base64. Ed25519 (RFC 8032) over the canonical text of the other members. */
  signature: v.string(),
})
export type Statement = v.InferOutput<typeof statement>

export const AUDIT = {
  'audit.list': {
    access: 'admin',
    audit: 'refusals',
    about: 'Read a journal of an HSM, oldest entries first',
    request: v.strictObject({
      hsm,
      journal,
      /** Sequence of the first entry wanted. */
      first: v.optional(count, 0),
      /** Entries that are read, of which those are answered that are asked for. */
      count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LIMITS.auditEntries)), 100),
      /** The HSM then verifies the chain of what it reads. */
      only: v.optional(only),
    }),
    reply: v.object({
      entries: v.array(auditEntry),
      /** Where reading began: later than was asked for when those before it are dropped. Left out by earlier versions. */
      first: v.optional(count),
      /** Sequence of the entry after the last one that was read. */
      next: count,
      /** Hash of the entry before `first`, and of the last one that was read. */
      previous: v.string(),
      hash: v.string(),
    }),
  },
  'audit.heads': {
    access: 'admin',
    audit: 'refusals',
    about: 'Which journals there are, and how long they are',
    request: nothing,
    reply: v.object({
      'cluster-id': v.string(),
      /** The HSM that answers. */
      'hsm-id': v.string(),
      hsms: v.array(
        v.object({
          hsm: v.string(),
          management: head,
          /** As it is now of the HSM that answers; as the store remembers it of others. Left out when it never had an entry. */
          'key-use': v.optional(head),
        }),
      ),
    }),
  },
  'audit.statement': {
    access: 'admin',
    audit: 'management',
    about:
      'A signed statement of how far a journal goes; makes the signing key of the cluster if there is none',
    request: v.strictObject({ hsm, journal, first: v.optional(count) }),
    reply: statement,
  },
  'audit.key': {
    access: 'admin',
    audit: 'management',
    about:
      'The public key that statements are verified with; makes the signing key of the cluster if there is none',
    request: nothing,
    reply: v.object({ 'public-key': v.string() }),
  },
  'audit.set-policy': {
    access: 'admin',
    audit: 'management',
    about: 'Set what is recorded of uses of keys, on every HSM; what is left out stays as it is',
    request: v.partial(v.strictObject(auditPolicy)),
    reply: policyReply,
  },
  'audit.show-policy': {
    access: 'admin',
    audit: 'refusals',
    about: 'What is recorded of uses of keys',
    request: nothing,
    reply: policyReply,
  },
} as const satisfies Record<string, Operation>
