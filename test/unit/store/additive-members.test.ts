/** What a later version adds to a record or an audit entry, wherever in it, is kept by this one, unless it may forbid something. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLAG_NAMES, type Template } from '../../../src/contract/attributes.ts'
import { DEFAULT_AUDIT_POLICY } from '../../../src/contract/audit-policy.ts'
import type { AuditEntry } from '../../../src/model/audit.ts'
import { FORMAT, written } from '../../../src/model/formats.ts'
import { fromHex } from '../../../src/model/octets.ts'
import { type RecordKind, recordKey, type WholeRecord } from '../../../src/model/records.ts'
import { decodeAuditEntry, decodeRecord, encodeRecord } from '../../../src/store/record-codec.ts'
import {
  MATERIAL,
  reference,
  sampleCluster,
  sampleKey,
  sampleLogin,
  sampleUser,
} from '../../contract/store-samples.ts'

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** With a value for each member, also inside. */
type Full<T> = T extends string | number | boolean | readonly unknown[]
  ? T
  : { readonly [Member in keyof T]-?: Full<Exclude<T[Member], undefined>> }

/** One of each kind. */
const FULL: { readonly [Kind in RecordKind]: Full<Extract<WholeRecord, { kind: Kind }>> } = {
  cluster: {
    ...sampleCluster(7),
    auditPolicy: { ...DEFAULT_AUDIT_POLICY, maxAgeSeconds: 60 },
    auditPublicKey: 'cHVibGlj',
    auditKey: 'c2VhbGVk',
    materialInMemory: 'all',
  },
  user: { ...sampleUser(1), password: '$argon2id$', survivingSession: 'abc' },
  login: { ...sampleLogin(1), availabilityCheck: false },
  key: {
    ...sampleKey(1),
    material: MATERIAL,
    subject: '0x01',
    wrapTemplate: everyFlag(true),
    unwrapTemplate: everyFlag(false),
    checkValue: '0x1a2b3c',
    rsa: { publicExponent: '0x010001', modulus: fromHex('0xab'), modulusSizeBits: 2048 },
    ec: { ecPoint: fromHex('0x04'), curve: 'secp384r1' },
    mlDsa: { algorithm: 'ML-DSA-44' },
  },
  certificate: {
    kind: 'certificate',
    id: reference(4),
    owner: 'user-1',
    label: 'ca',
    idAttribute: '0x01',
    value: 'MIIB',
  },
  'audit-head': {
    kind: 'audit-head',
    id: 'hsm-1',
    count: 3,
    hash: 'ff',
    keyUse: { first: 0, previous: '00', count: 1, hash: '11' },
  },
  'certificate-authority': {
    kind: 'certificate-authority',
    id: 'self',
    certificate: '-----BEGIN',
    key: 'c2VhbGVk',
  },
}

const ENTRY: Full<AuditEntry> = {
  version: FORMAT,
  hsm: 'hsm-1',
  sequence: 4,
  previous: '00',
  at: 1,
  actor: 'alice',
  operation: 'key.share',
  outcome: 'ok',
  subjects: ['key/0x01'],
  role: 'crypto-user',
  userRole: 'crypto-user',
  session: 'abc',
  source: 'local',
  mechanism: 'ecdsa',
  count: 2,
  changes: [{ of: ['key/0x01'], what: 'label', from: 'a', to: 'b', added: ['c'], removed: ['d'] }],
  changesLeftOut: 1,
  leftOut: 1,
  lost: 1,
  hash: '11',
}

function everyFlag(value: boolean): Full<Template> {
  return Object.fromEntries(FLAG_NAMES.map((name) => [name, value])) as Full<Template>
}

/** Where there are objects in a value, itself among them. */
function objectsIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.entries(value).flatMap(([name, member]) => objectsIn(member, [...path, name]))
  return Array.isArray(value) ? inside : [path, ...inside]
}

function withMember(value: unknown, [first, ...rest]: readonly string[], added: object): unknown {
  const copy: Record<string, unknown> = structuredClone(value as Record<string, unknown>)
  if (first === undefined) return { ...copy, ...added }
  copy[first] = withMember(copy[first], rest, added)
  return copy
}

for (const record of Object.values(FULL)) {
  const key = recordKey(record)
  for (const path of objectsIn(record)) {
    // Whoever does not know a flag must not ignore it: it may forbid something.
    const closed = ['flags', 'wrapTemplate', 'unwrapTemplate'].includes(path.join())
    const name = [record.kind, ...path].join('.')
    test(`${closed ? 'refuses' : 'keeps'} what a later version added to ${name}`, () => {
      const more = withMember(record, path, { later: { nested: [1, 'two'] } }) as WholeRecord
      const bytes = json(written(more, FORMAT))
      if (closed)
        return assert.throws(() => decodeRecord(key, bytes), {
          code: 'store-damaged',
          message: /unknown member$/,
        })
      const read = decodeRecord(key, bytes)
      assert.deepStrictEqual(read, more)
      assert.deepStrictEqual(decodeRecord(key, encodeRecord({ ...read }, FORMAT)), more)
      const first = more.kind === 'cluster' ? { ...more, minimumVersion: 1 } : more
      assert.throws(() => encodeRecord(first, 1), { code: 'unavailable' })
    })
  }
}

for (const path of objectsIn(ENTRY)) {
  test(`keeps what a later version added to ${['an audit entry', ...path].join('.')}, which its hash is over`, () => {
    const more = withMember(ENTRY, path, { later: { nested: [1, 'two'] } })
    assert.deepStrictEqual(decodeAuditEntry(ENTRY.hsm, ENTRY.sequence, json(more)), more)
  })
}
