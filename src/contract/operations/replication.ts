/**
 * Keys and users that go from one cluster to a clone of it, and backups, of which clones are made. The clusters never talk to
 * each other: whoever is logged in to both carries a challenge from the destination to the source, and a parcel back.
 */
import * as v from 'valibot'
import { bytes, replyBytes } from '../bytes.ts'
import { keyObject, keySummary } from '../key-object.ts'
import { LIMITS } from '../limits.ts'
import { account, userInfo } from '../users.ts'
import { count, nothing, type Operation, one } from './operation.ts'

const challenge = bytes(LIMITS.challengeBytes)
const arriving = v.strictObject({ challenge, parcel: bytes(LIMITS.parcelBytes) })
const parcel = v.object({ parcel: replyBytes })

export const REPLICATION = {
  'replica.challenge': {
    access: 'session',
    audit: 'none',
    about: 'At the destination: make a challenge for one parcel, for this session, good for a minute',
    request: nothing,
    reply: v.object({ challenge: replyBytes }),
  },
  'key.export-replica': {
    access: 'session',
    keys: { filter: 'manage' },
    audit: 'management',
    about:
      'At the source: export a token key as a parcel that only the clone that made the challenge can open',
    request: v.strictObject({ ...one, challenge }),
    reply: parcel,
  },
  'key.import-replica': {
    access: 'session',
    audit: 'management',
    about: 'At the destination: import the key of a parcel, under its reference at the source',
    request: arriving,
    reply: v.object({ key: v.union([keyObject, keySummary]) }),
  },
  'user.export-replica': {
    access: 'admin',
    names: { username: 'user' },
    audit: 'management',
    about: 'At the source: export a user as a parcel that only the clone that made the challenge can open',
    request: v.strictObject({ ...account, challenge }),
    reply: parcel,
  },
  'user.import-replica': {
    access: 'admin',
    audit: 'management',
    about: 'At the destination: import the user of a parcel, with the id that the user has at the source',
    request: arriving,
    reply: v.object({ user: userInfo }),
  },
  'backup.begin': {
    access: 'admin',
    audit: 'management',
    about: 'Begin a backup of the present state; only the master key opens it',
    request: nothing,
    reply: v.object({ backup: v.string(), header: v.string(), check: replyBytes, users: count, keys: count }),
  },
  'backup.next': {
    access: 'admin',
    audit: 'refusals',
    about: 'Return the next part of a backup that this session began',
    request: v.strictObject({ backup: v.pipe(v.string(), v.maxLength(64, 'backup is too long')) }),
    reply: v.object({ part: replyBytes, last: v.boolean() }),
  },
} as const satisfies Record<string, Operation>
