/** Keys and certificates: made, shown, shared, changed, taken elsewhere and deleted. */
import * as v from 'valibot'
import { attributeValue } from '../attributes.ts'
import { boundedRecord } from '../bounded.ts'
import { replyBytes } from '../bytes.ts'
import { certificate, certificateChange, newCertificate } from '../certificates.ts'
import { criteria, keyFilter, without } from '../filters.ts'
import { REFERENCE_ENCODINGS } from '../key-files.ts'
import { keyObject, keySummary } from '../key-object.ts'
import { keyRights } from '../key-rights.ts'
import { LIMITS } from '../limits.ts'
import { derivation, wrapping } from '../mechanisms.ts'
import {
  copiedKey,
  derivedKey,
  importedKey,
  newKeyPair,
  newSecretKey,
  shareUsers,
  unwrappedKey,
} from '../new-keys.ts'
import { outcomes, severalKeys } from '../several-keys.ts'
import { role } from '../users.ts'
import { count, done, type Operation, one } from './operation.ts'

const holders = { usernames: v.pipe(shareUsers, v.minLength(1)), role }
const sharing = v.strictObject({ ...one, ...holders })

export const KEYS = {
  'key.list': {
    access: 'session',
    several: 'read',
    audit: 'refusals',
    about: 'List keys, page by page, in the order of their references',
    request: v.strictObject({
      ...criteria,
      /** Keys for which one of these terms holds are left out. */
      without: v.optional(without, []),
      'max-items': v.optional(
        v.pipe(
          v.number(),
          v.integer('max-items must be a whole number'),
          v.minValue(1, 'max-items must be at least 1'),
          v.maxValue(LIMITS.pageItems, `max-items must be at most ${LIMITS.pageItems}`),
        ),
        10,
      ),
      /** An offset; or the reference of the key before, from which a list goes on whatever was deleted meanwhile. */
      'starting-token': v.optional(v.pipe(v.string(), v.maxLength(32, 'starting-token is too long'))),
      verbose: v.optional(v.boolean(), false),
      /** Own keys, then those shared with the user, then others; pages have offsets. */
      'nearest-first': v.optional(v.boolean(), false),
    }),
    reply: v.object({
      matched_keys: v.array(v.union([keyObject, keySummary])),
      /** With `nearest-first`: how many of these are own, and how many shared with the user. */
      standing: v.optional(v.object({ own: count, shared: count })),
      total_key_count: count,
      returned_key_count: count,
      next_token: v.optional(v.string()),
    }),
  },
  'key.describe': {
    access: 'session',
    keys: { filter: 'read' },
    audit: 'refusals',
    about: 'Show a key, who can do what with it, and why',
    request: v.strictObject(one),
    reply: v.object({ key: v.union([keyObject, keySummary]), rights: v.array(keyRights) }),
  },
  'key.share': {
    access: 'crypto-user',
    keys: { filter: 'manage' },
    names: { usernames: 'user' },
    audit: 'management',
    about: 'Share a key with crypto users',
    request: sharing,
    reply: done,
  },
  'key.unshare': {
    access: 'crypto-user',
    revokes: true,
    keys: { filter: 'manage' },
    names: { usernames: 'user' },
    audit: 'management',
    about: 'Unshare a key; after success no use of it for these users is under way',
    request: sharing,
    reply: done,
  },
  'key.delete': {
    access: 'crypto-user',
    revokes: true,
    keys: { filter: 'manage' },
    audit: 'management',
    about: 'Delete a key',
    request: v.strictObject(one),
    reply: done,
  },
  'key.share-many': {
    access: 'crypto-user',
    several: 'manage',
    names: { usernames: 'user' },
    audit: 'management',
    auditedAs: 'key.share',
    about: 'Share several keys, each decided separately',
    request: v.strictObject({ ...severalKeys, ...holders }),
    reply: outcomes,
  },
  'key.unshare-many': {
    access: 'crypto-user',
    revokes: true,
    several: 'manage',
    names: { usernames: 'user' },
    audit: 'management',
    auditedAs: 'key.unshare',
    about: 'Unshare several keys, each decided separately; success means for each what it means for one',
    request: v.strictObject({ ...severalKeys, ...holders }),
    reply: outcomes,
  },
  'key.delete-many': {
    access: 'crypto-user',
    revokes: true,
    several: 'manage',
    audit: 'management',
    auditedAs: 'key.delete',
    about: 'Delete several keys, each decided separately',
    request: v.strictObject(severalKeys),
    reply: outcomes,
  },
  'key.set-attribute': {
    access: 'session',
    revokes: true,
    keys: { filter: 'manage' },
    audit: 'management',
    about: 'Set attributes of a key, all of them or none',
    request: v.strictObject({
      ...one,
      attributes: v.pipe(
        boundedRecord(
          v.pipe(v.string(), v.maxLength(64, 'attributes: a name is too long')),
          attributeValue,
          LIMITS.attributesAtOnce,
          `at most ${LIMITS.attributesAtOnce} attributes at once`,
        ),
        v.minEntries(1, 'attributes must not be empty'),
      ),
    }),
    reply: done,
  },
  'key.generate-symmetric': {
    access: 'crypto-user',
    audit: 'management',
    about: 'Generate an AES key or a generic secret',
    request: newSecretKey,
    reply: v.object({ key: keyObject }),
  },
  'key.generate-pair': {
    access: 'crypto-user',
    audit: 'management',
    about: 'Generate a key pair',
    request: newKeyPair,
    reply: v.object({ public_key: keyObject, private_key: keyObject }),
  },
  'key.import': {
    access: 'crypto-user',
    audit: 'management',
    about: 'Import a key that was made elsewhere',
    request: importedKey,
    reply: v.object({ key: keyObject }),
  },
  'key.copy': {
    access: 'crypto-user',
    keys: { filter: 'manage' },
    audit: 'management',
    about: 'Copy a key, with the same or tighter attributes',
    request: copiedKey,
    reply: v.object({ key: keyObject }),
  },
  'key.wrap': {
    access: 'crypto-user',
    keys: { 'wrapping-filter': 'use', 'payload-filter': 'use' },
    audit: 'management',
    about: 'Wrap a key: encrypt it under another key, for export',
    request: v.strictObject({
      'payload-filter': keyFilter('payload-filter'),
      'wrapping-filter': keyFilter('wrapping-filter'),
      mechanism: wrapping,
    }),
    reply: v.object({
      'payload-key-reference': v.string(),
      'wrapping-key-reference': v.string(),
      /** Of `aes-gcm` only. */
      iv: v.optional(replyBytes),
      'wrapped-key': replyBytes,
    }),
  },
  'key.unwrap': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'management',
    about: 'Unwrap a key: decrypt it with another key, and store it',
    request: unwrappedKey,
    reply: v.object({ key: keyObject }),
  },
  'key.derive': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'management',
    about: 'Derive a secret key from a secret key, or by ECDH with another public key',
    request: v.strictObject({ ...one, mechanism: derivation, ...derivedKey }),
    reply: v.object({ key: keyObject }),
  },
  'key.export-public': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'use',
    about: 'Return a public key as a PEM SubjectPublicKeyInfo (RFC 7468 §13)',
    request: v.strictObject(one),
    reply: v.object({ 'key-reference': v.string(), pem: v.string() }),
  },
  'key.export-reference': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'use',
    about: 'Return a PEM file that names a private key and contains its public key only',
    request: v.strictObject({ ...one, encoding: v.picklist(REFERENCE_ENCODINGS) }),
    reply: v.object({ 'key-reference': v.string(), pem: v.string() }),
  },
  'key.export-value': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'management',
    about: 'Return the value of an own secret key that is extractable and not sensitive',
    request: v.strictObject(one),
    reply: v.object({ 'key-reference': v.string(), value: replyBytes }),
  },
  'certificate.create': {
    access: 'crypto-user',
    audit: 'management',
    about: 'Store an X.509 certificate beside the keys; every crypto user can read it',
    request: newCertificate,
    reply: v.object({ certificate }),
  },
  'certificate.list': {
    access: 'anyone',
    names: { reference: 'certificate' },
    audit: 'refusals',
    about:
      'List the certificates, oldest first, page by page; without a session if the HSM shows them before login, and then without owners',
    request: v.strictObject({
      reference: v.optional(v.pipe(v.string(), v.maxLength(32))),
      /** Of an earlier reply. */
      'starting-token': v.optional(v.pipe(v.string(), v.maxLength(32, 'starting-token is too long'))),
    }),
    reply: v.object({ certificates: v.array(certificate), next_token: v.optional(v.string()) }),
  },
  'certificate.change': {
    access: 'crypto-user',
    names: { reference: 'certificate' },
    audit: 'management',
    about: 'Change the label or the id of an own certificate',
    request: certificateChange,
    reply: v.object({ certificate }),
  },
  'certificate.delete': {
    access: 'crypto-user',
    names: { reference: 'certificate' },
    audit: 'management',
    about: 'Delete an own certificate',
    request: v.strictObject({ reference: v.pipe(v.string(), v.maxLength(32)) }),
    reply: done,
  },
} as const satisfies Record<string, Operation>
