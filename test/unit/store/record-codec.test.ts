/** What was sealed under our key and is still not a record: left by a fault, or by another version. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordKey, type StoredRecord } from '../../../src/model/records.ts'
import { decodeAuditEntry, decodeRecord, encode } from '../../../src/store/record-codec.ts'
import { reference, sampleCluster, sampleKey, sampleUser } from '../../contract/store-samples.ts'

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const refuses = (key: string, bytes: Buffer, message: RegExp) =>
  assert.throws(() => decodeRecord(key, bytes), { code: 'store-damaged', message })

const records: readonly StoredRecord[] = [
  sampleCluster(7),
  sampleUser(1, { password: '$argon2id$', survivingSession: 'abc' }),
  sampleUser(2),
  sampleKey(1, { wrapTemplate: { sign: true, encrypt: false } }),
  sampleKey(2, { keyType: 'ec', keyClass: 'public-key', ec: { ecPoint: '0x04', curve: 'secp384r1' } }),
  sampleKey(3, {
    keyType: 'rsa',
    keyClass: 'private-key',
    rsa: { publicExponent: '0x010001', modulus: '0xab', modulusSizeBits: 2048 },
  }),
  { kind: 'audit-head', id: 'hsm-1', count: 3, hash: 'ff' },
  { kind: 'certificate-authority', id: 'self', certificate: '-----BEGIN', key: 'c2VhbGVk' },
]

describe('record codec', () => {
  for (const record of records) {
    const key = recordKey(record)

    it(`gives ${key} back as it was`, () => {
      assert.deepStrictEqual(decodeRecord(key, encode(record)), record)
    })

    it(`refuses ${key} with any member of another type, or one more`, () => {
      for (const [name, value] of Object.entries(record)) {
        const wrong = typeof value === 'object' ? 7 : [value]
        refuses(key, json({ ...record, [name]: wrong }), /is damaged: a member|is damaged: it/)
      }
      refuses(key, json({ ...record, extra: 1 }), /is damaged: it has an unknown member$/)
    })
  }

  it('refuses a record that lacks a member', () => {
    refuses('user/user-1', json({ ...sampleUser(1), username: undefined }), /a member is not a text$/)
    refuses('cluster/self', json({ ...sampleCluster(), nextReference: -1 }), /a member is not a count$/)
    refuses(`key/${reference(1)}`, json({ ...sampleKey(1), flags: {} }), /neither true nor false$/)
    refuses(`key/${reference(1)}`, json({ ...sampleKey(1), keyType: 'des' }), /has an unknown value$/)
    refuses(`key/${reference(1)}`, json({ ...sampleKey(1), wrapTemplate: { x: true } }), /unknown member$/)
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
      encode(sampleUser(1)),
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
    for (const one of [entry, { ...entry, leftOut: 3 }]) {
      assert.deepStrictEqual(decodeAuditEntry('hsm-1', 4, encode(one)), one)
    }
    for (const [hsm, sequence] of [
      ['hsm-1', 5],
      ['hsm-2', 4],
    ] as const) {
      const message = `Audit entry ${hsm}/${sequence} is damaged: it belongs elsewhere`
      assert.throws(() => decodeAuditEntry(hsm, sequence, encode(entry)), { code: 'store-damaged', message })
    }
  })
})
