/** Sessions, the cluster and its users. */
import * as v from 'valibot'
import { MATERIAL_IN_MEMORY } from '../key-material.ts'
import { LIMITS } from '../limits.ts'
import { HSM_TYPES, MODES } from '../profiles.ts'
import { account, newPassword, triedPassword, userInfo } from '../users.ts'
import { count, done, nothing, type Operation } from './operation.ts'

const named = v.object({ username: v.string(), role: v.string() })

/** For how long from now the login can be resumed, if it is not renewed; left out when it cannot be. */
const resumableSeconds = v.optional(count)

/** Also when the user is logged in on this HSM: the logins end. */
const force = v.optional(v.boolean(), false)

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

const policy = v.picklist(['trusted-wrapping'], 'policy must be trusted-wrapping')

const policyState = v.object({
  policy: v.string(),
  applied: v.boolean(),
  /** References of keys that are trusted, but not by this policy; before it is applied, that would not be. */
  'keys-not-honoured': v.array(v.string()),
})

const inMemory = v.picklist(MATERIAL_IN_MEMORY, `in-memory must be one of ${MATERIAL_IN_MEMORY.join(', ')}`)

/** The material of how many keys this HSM has in memory now, and bytes of memory that it takes. */
const keptMaterial = v.object({ 'in-memory': inMemory, keys: count, bytes: count })

const materialState = v.object({
  'in-memory': inMemory,
  /** Token keys of the cluster. */
  keys: count,
  /** Left out by an HSM with an embedded store, which reads material from its own disk whatever is set. */
  kept: v.optional(v.object({ keys: count, bytes: count })),
})

export const ADMINISTRATION = {
  'session.login': {
    access: 'anyone',
    names: { username: 'user' },
    audit: 'management',
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
      /** Do not hold against the session, in FIPS mode, that a hash function is weaker than the ECDSA key. */
      'ecdsa-with-weak-hash-function': v.optional(v.boolean(), false),
      /** Whether the login is to outlive this session: then the reply has what resumes it. */
      resumable: v.optional(v.boolean(), false),
    }),
    reply: v.object({
      token: v.string(),
      ...named.entries,
      /** A secret; left out when the login cannot be resumed. */
      credential: v.optional(v.string()),
      'resumable-seconds': resumableSeconds,
    }),
  },
  'session.resume': {
    access: 'anyone',
    audit: 'management',
    about: 'Resume a login without the password, in a new session that replaces the former one',
    request: v.strictObject({
      credential: v.pipe(v.string(), v.maxLength(LIMITS.credentialLength, 'credential is too long')),
    }),
    reply: v.object({ token: v.string(), ...named.entries, 'resumable-seconds': resumableSeconds }),
  },
  'session.renew': {
    access: 'session',
    audit: 'none',
    about: 'Extend how long the login of this session can be resumed',
    request: nothing,
    reply: v.object({ 'resumable-seconds': resumableSeconds }),
  },
  'session.logout': {
    access: 'session',
    revokes: true,
    audit: 'management',
    about: 'End the login, its session and its session keys',
    request: v.strictObject({
      /** The login stays, and can be resumed. */
      resumable: v.optional(v.boolean(), false),
    }),
    reply: done,
  },
  'cluster.activate': {
    access: 'anyone',
    audit: 'management',
    about: 'Set the first password of the admin of a new cluster',
    request: v.strictObject({ password: newPassword }),
    reply: done,
  },
  'cluster.hsm-info': {
    access: 'anyone',
    audit: 'none',
    about: 'List the HSMs of the cluster',
    request: nothing,
    reply: v.object({ hsms: v.array(hsmInfo) }),
  },
  'cluster.status': {
    access: 'anyone',
    audit: 'none',
    about: 'Show the state of the cluster, and how many users, keys and sessions it has',
    request: nothing,
    reply: v.object({
      'cluster-id': v.string(),
      state: v.picklist(['INITIALIZED', 'ACTIVE']),
      mode: v.picklist(MODES),
      'hsm-type': v.picklist(HSM_TYPES),
      'uptime-seconds': count,
      users: count,
      keys: count,
      sessions: count,
      /** Whether it does more than say so. Left out by an earlier version with an embedded store. */
      serving: v.optional(v.boolean()),
      /** Of an HSM in a cluster of several. */
      'hsm-id': v.optional(v.string()),
      /** Newest revision of the shared store that this HSM has applied. */
      'applied-revision': v.optional(count),
      /** How long the latest revocations waited for the other HSMs. */
      barrier: v.optional(v.object({ count, 'p50-ms': v.number(), 'max-ms': v.number() })),
      /** Key material that this HSM keeps in memory. */
      material: v.optional(keptMaterial),
      /**
       * The live HSMs, and what each has told that it has applied; `lag`: how many revisions that is behind; `lease`: of
       * its registration, as etcd's tools write it.
       */
      nodes: v.optional(
        v.array(
          v.object({
            'hsm-id': v.string(),
            address: v.string(),
            version: v.string(),
            lease: v.optional(v.string()),
            'applied-revision': v.optional(count),
            lag: v.optional(count),
          }),
        ),
      ),
    }),
  },
  'user.create': {
    access: 'admin',
    names: { username: 'user' },
    audit: 'management',
    about: 'Create a user',
    request: v.strictObject({ ...account, password: newPassword }),
    reply: named,
  },
  'user.delete': {
    access: 'admin',
    revokes: true,
    names: { username: 'user' },
    audit: 'management',
    about: 'Delete a user',
    request: v.strictObject({ ...account, force }),
    reply: named,
  },
  'user.list': {
    access: 'anyone',
    audit: 'none',
    about: 'List the users',
    request: nothing,
    reply: v.object({ users: v.array(userInfo) }),
  },
  'user.change-password': {
    access: 'session',
    revokes: true,
    names: { username: 'user' },
    audit: 'management',
    about: "Change one's own password; admins change anyone's, which also unlocks the user",
    request: v.strictObject({ ...account, password: newPassword, force }),
    reply: named,
  },
  'user.logout': {
    access: 'session',
    revokes: true,
    names: { username: 'user' },
    audit: 'management',
    about: "End every login of a user, on every HSM; admins end anyone's, others their own except this one",
    request: v.strictObject(account),
    reply: named,
  },
  'policy.apply': {
    access: 'admin',
    revokes: true,
    names: { policy: 'policy' },
    audit: 'management',
    about:
      'Apply a policy to the cluster, which cannot be undone; after success nothing that it forbids is under way',
    request: v.strictObject({ policy }),
    reply: policyState,
  },
  'policy.show': {
    access: 'admin',
    audit: 'refusals',
    about: 'Show whether the policy is applied, and which trusted keys no longer count as trusted',
    request: nothing,
    reply: policyState,
  },
  'cluster.set-material': {
    access: 'admin',
    audit: 'management',
    about: 'Set which key material every HSM on etcd keeps in memory',
    request: v.strictObject({ 'in-memory': inMemory }),
    reply: materialState,
  },
  'cluster.show-material': {
    access: 'admin',
    audit: 'refusals',
    about: 'Which key material every HSM on etcd keeps in memory, and how much of it this one has',
    request: nothing,
    reply: materialState,
  },
} as const satisfies Record<string, Operation>
