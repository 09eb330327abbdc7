/** What was sealed under our key and is still not a record: left by a fault, or by another version. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_AUDIT_POLICY } from '../../../src/contract/audit-policy.ts'
import { FORMAT, written } from '../../../src/model/formats.ts'
import { fromHex } from '../../../src/model/octets.ts'
import { recordKey, type StoredRecord, type WholeRecord } from '../../../src/model/records.ts'
import { decodeAuditEntry, decodeRecord, encodeEntry, encodeRecord } from '../../../src/store/record-codec.ts'
import {
  reference,
  sampleCluster,
  sampleKey,
  sampleLogin,
  sampleUser,
  wholeSample,
} from '../../contract/store-samples.ts'

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const refuses = (key: string, bytes: Buffer, message: RegExp) =>
  assert.throws(() => decodeRecord(key, bytes), { code: 'store-damaged', message })

const samples = (all: readonly StoredRecord[]) => all.map((record) => wholeSample(record))

const records: readonly WholeRecord[] = samples([
  sampleCluster(7),
  sampleUser(1, { password: '$argon2id$', survivingSession: 'abc' }),
  sampleUser(2),
  sampleKey(1, { wrapTemplate: { sign: true, encrypt: false } }),
  sampleKey(2, {
    keyType: 'ec',
    keyClass: 'public-key',
    ec: { ecPoint: fromHex('0x04'), curve: 'secp384r1' },
  }),
  sampleKey(3, {
    keyType: 'rsa',
    keyClass: 'private-key',
    rsa: { publicExponent: '0x010001', modulus: fromHex('0xab'), modulusSizeBits: 2048 },
  }),
  sampleLogin(1),
  { kind: 'audit-head', id: 'hsm-1', count: 3, hash: 'ff', keyUse: undefined },
  {
    kind: 'audit-head',
    id: 'hsm-2',
    count: 3,
    hash: 'ff',
    keyUse: { first: 0, previous: '00', count: 1, hash: '11' },
  },
  { kind: 'certificate-authority', id: 'self', certificate: '-----BEGIN', key: 'c2VhbGVk' },
])

/** The first format that can hold the record. */
const firstOf = (record: WholeRecord): number =>
  record.kind === 'login' || (record.kind === 'audit-head' && record.keyUse) ? 3 : 1

const TOO_OLD = {
  code: 'unavailable',
  message: /^This cannot be stored while an HSM of an earlier version belongs to the cluster; upgrade/,
}

/** What the record is in a cluster whose records have that format. */
const inFormat = (record: WholeRecord, minimumVersion: number): WholeRecord =>
  record.kind === 'cluster' ? { ...record, minimumVersion } : record

describe('record codec', () => {
  for (const record of records) {
    const key = recordKey(record)

    it(`gives ${key} back as it was, from every format`, () => {
      for (let format = 1; format <= FORMAT; format++) {
        const held = inFormat(record, format)
        if (format < firstOf(record)) assert.throws(() => encodeRecord(held, format), TOO_OLD)
        else assert.deepStrictEqual(decodeRecord(key, encodeRecord(held, format)), held)
      }
    })

    it(`keeps members of ${key} that a later version added, in every format but the first`, () => {
      for (let format = 1; format <= FORMAT; format++) {
        const held = inFormat(record, format)
        const more: WholeRecord = Object.assign({ ...held }, { later: { nested: [1, 'two'] } })
        if (format < Math.max(2, firstOf(record))) {
          assert.throws(() => encodeRecord(more, format), TOO_OLD)
          continue
        }
        const read = decodeRecord(key, encodeRecord(more, format))
        assert.deepStrictEqual(read, more)
        assert.deepStrictEqual(decodeRecord(key, encodeRecord({ ...read }, format)), more)
      }
    })

    it(`refuses ${key} of a newer version, and says what to do`, () => {
      refuses(
        key,
        json({ ...written(record, FORMAT), version: FORMAT + 1, somethingThatForbids: true }),
        new RegExp(
          `^Record ${key} was written by a newer version of Strongroom, in format ${FORMAT + 1}, and this version reads formats up to ${FORMAT}; upgrade this HSM$`,
        ),
      )
      for (const version of [0, -1, 1.5, '2', null]) {
        refuses(
          key,
          json({ ...written(record, FORMAT), version }),
          /is damaged: (a member is not a count|it has no such version)$/,
        )
      }
    })

    it(`refuses ${key} with any member of another type`, () => {
      for (const [name, value] of Object.entries(written(record, FORMAT))) {
        const wrong = typeof value === 'object' ? 7 : [value]
        refuses(
          key,
          json({ ...written(record, FORMAT), [name]: wrong }),
          /is damaged: a member|is damaged: it/,
        )
      }
    })
  }

  it('refuses a record that lacks a member', () => {
    refuses('user/user-1', json({ ...sampleUser(1), username: undefined }), /a member is not a text$/)
    refuses('cluster/self', json({ ...sampleCluster(), nextReference: -1 }), /a member is not a count$/)
    refuses(
      `key/${reference(1)}`,
      json({ ...wholeSample(sampleKey(1)), flags: {} }),
      /neither true nor false$/,
    )
    refuses(
      `key/${reference(1)}`,
      json({ ...wholeSample(sampleKey(1)), keyType: 'des' }),
      /has an unknown value$/,
    )
    refuses(
      `key/${reference(1)}`,
      json({ ...wholeSample(sampleKey(1)), wrapTemplate: { x: true } }),
      /unknown member$/,
    )
  })

  it('writes the first format as version 0.1.0 did, and reads it', () => {
    const { minimumVersion: _, ...first } = sampleCluster(7)
    assert.deepEqual(
      JSON.parse(String(encodeRecord(inFormat(sampleCluster(7), 1), 1))),
      JSON.parse(String(json(first))),
    )
    assert.deepStrictEqual(decodeRecord('cluster/self', json(first)), inFormat(sampleCluster(7), 1))
    assert.deepEqual(
      JSON.parse(String(encodeRecord(sampleUser(1), 1))),
      JSON.parse(String(json(sampleUser(1)))),
    )
  })

  it('stores what may not be ignored in no format whose readers would', () => {
    for (const more of [
      { auditPolicy: DEFAULT_AUDIT_POLICY },
      { auditPublicKey: 'cHVibGlj' },
      { auditKey: 'c2VhbGVk' },
      { materialInMemory: 'all' as const },
    ]) {
      const cluster = { ...sampleCluster(7), ...more }
      assert.deepStrictEqual(decodeRecord('cluster/self', encodeRecord(cluster, 3)), cluster)
      for (const format of [1, 2])
        assert.throws(() => encodeRecord(inFormat(cluster, format), format), TOO_OLD)
    }
  })

  it('refuses a kind in a format that has none of it', () => {
    const { version: _, ...login } = JSON.parse(String(encodeRecord(sampleLogin(1), FORMAT)))
    for (const older of [login, { ...login, version: 2 }])
      refuses(recordKey(sampleLogin(1)), json(older), /is damaged: its kind is unknown in that format$/)
  })

  it('writes the record of a cluster in the format that all must read, whatever the others are written in', () => {
    const { version, minimumVersion } = JSON.parse(String(encodeRecord(sampleCluster(), 1)))
    assert.deepEqual([version, minimumVersion], [FORMAT, FORMAT])
    refuses(
      'cluster/self',
      json({ ...sampleCluster(), minimumVersion: FORMAT + 1 }),
      /newer version of Strongroom/,
    )
  })

  it('refuses what is not a record at all', () => {
    for (const key of ['user/user-1', 'key/x', 'cluster/self']) {
      refuses(key, Buffer.from('{'), new RegExp(`^Record ${key} is damaged: it is not JSON$`))
      for (const value of [null, 1, 'text', []]) refuses(key, json(value), /it is not an object$/)
    }
  })

  it('refuses a record of an unknown kind', () => {
    for (const key of ['toString/x', 'nothing', '', '/']) {
      refuses(key, json(sampleUser(1)), /is damaged: its kind is unknown$/)
    }
  })

  it('refuses a record that belongs under another key', () => {
    refuses(
      'user/user-2',
      encodeRecord(sampleUser(1), FORMAT),
      /^Record user\/user-2 is damaged: it holds record user\/user-1$/,
    )
  })

  it('refuses an audit entry from elsewhere', () => {
    const entry = {
      hsm: 'hsm-1',
      sequence: 4,
      previous: '00',
      at: 1,
      actor: '-',
      operation: 'login',
      outcome: 'ok',
      subjects: [],
      hash: '11',
    }
    for (const one of [
      entry,
      { ...entry, version: FORMAT, leftOut: 3 },
      { ...entry, version: FORMAT, later: ['kept'] },
    ]) {
      assert.deepStrictEqual(decodeAuditEntry('hsm-1', 4, encodeEntry(one)), one)
    }
    assert.throws(() => decodeAuditEntry('hsm-1', 4, encodeEntry({ ...entry, version: FORMAT + 1 })), {
      code: 'store-damaged',
      message: /^Audit entry hsm-1\/4 was written by a newer version of Strongroom, /,
    })
    for (const [hsm, sequence] of [
      ['hsm-1', 5],
      ['hsm-2', 4],
    ] as const) {
      const message = `Audit entry ${hsm}/${sequence} is damaged: it belongs elsewhere`
      assert.throws(() => decodeAuditEntry(hsm, sequence, encodeEntry(entry)), {
        code: 'store-damaged',
        message,
      })
    }
  })
})
