import * as v from 'valibot'
import { attributeValue } from './attributes.ts'
import { filterWords } from './filters.ts'
import { newKeyPair, newSecretKey, shareUsers } from './generation.ts'
import { keyObject, keySummary } from './key-object.ts'
import { LIMITS } from './limits.ts'
import { mechanism } from './mechanisms.ts'
import { newPassword, role, triedPassword, username } from './users.ts'

/**
 * Who may ask at the least: anyone at all, anyone logged in, or only that role. Everything beyond it
 * (who owns the key, what its attributes permit) is decided in `policy/`.
 */
export type Access = 'anyone' | 'session' | 'crypto-user' | 'admin'

const nothing = v.strictObject({})
const done = v.object({})
const named = v.object({ username: v.string(), role: v.string() })
const count = v.pipe(v.number(), v.integer(), v.minValue(0))

const base64 = (maxBytes: number) =>
  v.pipe(
    v.string(),
    v.maxLength(Math.ceil(maxBytes / 3) * 4, `must be at most ${maxBytes} bytes`),
    v.base64('must be base64'),
  )
const batch = <T extends v.GenericSchema>(item: T) =>
  v.pipe(v.array(item), v.minLength(1), v.maxLength(LIMITS.batchItems))
const data = batch(base64(LIMITS.dataBytes))

const one = { filter: filterWords }
const sharing = v.strictObject({ ...one, usernames: v.pipe(shareUsers, v.minLength(1)), role })
const account = { username, role }
const feature = v.object({ strategy: v.string(), status: v.string() })

const hsmInfo = v.object({
  vendor: v.string(),
  model: v.string(),
  'serial-number': v.string(),
  'hardware-version-major': v.string(),
  'hardware-version-minor': v.string(),
  'firmware-version-major': v.string(),
  'firmware-version-minor': v.string(),
  'firmware-build-number': v.string(),
  'firmware-id': v.string(),
  'fips-state': v.string(),
  'hsm-id': v.string(),
  address: v.string(),
  state: v.string(),
})

const userInfo = v.object({
  ...named.entries,
  locked: v.string(),
  mfa: v.array(feature),
  quorum: v.array(feature),
  'cluster-coverage': v.string(),
})

const auditEntry = v.object({
  hsm: v.string(),
  sequence: count,
  previous: v.string(),
  at: count,
  actor: v.string(),
  operation: v.string(),
  outcome: v.string(),
  subjects: v.array(v.string()),
  hash: v.string(),
})

/** The whole vocabulary of the HSM: what may be asked, by whom at the least, and what comes back. */
export const OPERATIONS = {
  'session.login': {
    access: 'anyone',
    about: 'Open a session with a password',
    request: v.strictObject({
      ...account,
      password: triedPassword,
      /** The session ends when it is not used for this long. */
      'idle-seconds': v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LIMITS.sessionIdleSecondsMax)),
        LIMITS.sessionIdleSecondsDefault,
      ),
      /** Refuse token keys that are on fewer than two HSMs; left out, the cluster's own setting holds. */
      'key-availability-check': v.optional(v.boolean()),
    }),
    reply: v.object({ token: v.string(), ...named.entries }),
  },
  'session.logout': {
    access: 'session',
    about: 'End the session and its session keys',
    request: nothing,
    reply: done,
  },
  'cluster.activate': {
    access: 'anyone',
    about: 'Set the first password of the admin of a new cluster',
    request: v.strictObject({ password: newPassword }),
    reply: done,
  },
  'cluster.hsm-info': {
    access: 'anyone',
    about: 'List the HSMs of the cluster',
    request: nothing,
    reply: v.object({ hsms: v.array(hsmInfo) }),
  },
  'cluster.status': {
    access: 'anyone',
    about: 'State of the cluster and how much it holds',
    request: nothing,
    reply: v.object({
      'cluster-id': v.string(),
      state: v.picklist(['INITIALIZED', 'ACTIVE']),
      'uptime-seconds': count,
      users: count,
      keys: count,
      sessions: count,
      /** Of an HSM in a cluster of several. */
      'hsm-id': v.optional(v.string()),
      /** Whether it does more than say so. */
      serving: v.optional(v.boolean()),
      /** Newest revision of the shared store that this HSM has applied. */
      'applied-revision': v.optional(count),
      /** How long the latest revocations waited for the other HSMs. */
      barrier: v.optional(v.object({ count, 'p50-ms': v.number(), 'max-ms': v.number() })),
      /** The live HSMs, and what each has told that it has applied; `lag`: how many revisions that is behind. */
      nodes: v.optional(
        v.array(
          v.object({
            'hsm-id': v.string(),
            address: v.string(),
            version: v.string(),
            'applied-revision': v.optional(count),
            lag: v.optional(count),
          }),
        ),
      ),
    }),
  },
  'user.create': {
    access: 'admin',
    about: 'Create a user',
    request: v.strictObject({ ...account, password: newPassword }),
    reply: named,
  },
  'user.delete': { access: 'admin', about: 'Delete a user', request: v.strictObject(account), reply: named },
  'user.list': {
    access: 'anyone',
    about: 'List the users',
    request: nothing,
    reply: v.object({ users: v.array(userInfo) }),
  },
  'user.change-password': {
    access: 'session',
    about: "Change one's own password, or as admin anyone's, which also unlocks the user",
    request: v.strictObject({ ...account, password: newPassword }),
    reply: named,
  },
  'key.list': {
    access: 'session',
    about: 'List keys, page by page, in the order of their references',
    request: v.strictObject({
      ...one,
      'max-items': v.optional(
        v.pipe(
          v.number(),
          v.integer('max-items must be a whole number'),
          v.minValue(1, 'max-items must be at least 1'),
          v.maxValue(LIMITS.pageItems, `max-items must be at most ${LIMITS.pageItems}`),
        ),
        10,
      ),
      'starting-token': v.optional(v.pipe(v.string(), v.maxLength(32, 'starting-token is too long'))),
      verbose: v.optional(v.boolean(), false),
    }),
    reply: v.object({
      matched_keys: v.array(v.union([keyObject, keySummary])),
      total_key_count: count,
      returned_key_count: count,
      next_token: v.optional(v.string()),
    }),
  },
  'key.share': {
    access: 'crypto-user',
    about: 'Share a key with crypto users',
    request: sharing,
    reply: done,
  },
  'key.unshare': {
    access: 'crypto-user',
    about: 'Take a shared key back; success means that no use of it for these users is under way any more',
    request: sharing,
    reply: done,
  },
  'key.delete': {
    access: 'crypto-user',
    about: 'Delete a key',
    request: v.strictObject(one),
    reply: done,
  },
  'key.set-attribute': {
    access: 'session',
    about: 'Set one attribute of a key',
    request: v.strictObject({
      ...one,
      name: v.pipe(v.string(), v.maxLength(64, 'name is too long')),
      value: attributeValue,
    }),
    reply: done,
  },
  'key.generate-symmetric': {
    access: 'crypto-user',
    about: 'Make an AES key or a generic secret',
    request: newSecretKey,
    reply: v.object({ key: keyObject }),
  },
  'key.generate-pair': {
    access: 'crypto-user',
    about: 'Make an RSA or EC key pair',
    request: newKeyPair,
    reply: v.object({ public_key: keyObject, private_key: keyObject }),
  },
  'key.export-public': {
    access: 'crypto-user',
    about: 'The public key as a PEM SubjectPublicKeyInfo (RFC 7468 §13)',
    request: v.strictObject(one),
    reply: v.object({ 'key-reference': v.string(), pem: v.string() }),
  },
  'audit.list': {
    access: 'admin',
    about: 'Read the audit log of the HSM that answers, oldest entries first',
    request: v.strictObject({
      /** Sequence of the first entry wanted. */
      first: v.optional(count, 0),
      count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LIMITS.auditEntries)), 100),
    }),
    reply: v.object({ entries: v.array(auditEntry) }),
  },
  'crypto.sign': {
    access: 'crypto-user',
    about: 'Sign each item of data with one key',
    request: v.strictObject({ ...one, mechanism, data }),
    reply: v.object({ 'key-reference': v.string(), signatures: v.array(v.string()) }),
  },
  'crypto.verify': {
    access: 'crypto-user',
    about: 'Verify the signature of each item of data with one key',
    request: v.strictObject({ ...one, mechanism, data, signatures: batch(base64(LIMITS.signatureBytes)) }),
    reply: v.object({ 'key-reference': v.string(), verified: v.array(v.boolean()) }),
  },
} as const satisfies Record<string, Operation>

type Operation = {
  readonly access: Access
  readonly about: string
  readonly request: v.GenericSchema
  readonly reply: v.GenericSchema
}

export type Operations = typeof OPERATIONS
export type OperationName = keyof Operations
/** What the caller hands in: defaults may be left out. */
export type Request<K extends OperationName> = v.InferInput<Operations[K]['request']>
/** What the engine works with: checked, defaults filled in, names in their normal form. */
export type Checked<K extends OperationName> = v.InferOutput<Operations[K]['request']>
export type Reply<K extends OperationName> = v.InferOutput<Operations[K]['reply']>
