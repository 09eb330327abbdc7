import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSealer, masterKeyCheck } from '../../../src/crypto/seal.ts'

const MASTER = Buffer.from(Array.from({ length: 32 }, (_, at) => at))
const CLUSTER = 'cluster-abcdefg2345'
const records = createSealer(MASTER, 'records', CLUSTER)
const refusal = new Error('The sealed data cannot be opened')

test('what was sealed opens again in the same context', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.string(), (plaintext, context) => {
      assert.deepEqual(records.open(records.seal(plaintext, context), context), Buffer.from(plaintext))
    }),
  )
})

test('sealing twice gives different bytes of the same length', () => {
  const [one, two] = [records.seal(Buffer.from('same'), 'a'), records.seal(Buffer.from('same'), 'a')]
  assert.notDeepEqual(one, two)
  assert.equal(one.length, 1 + 12 + 4 + 16)
  assert.equal(two.length, one.length)
})

test('no nonce is ever used again', () => {
  const nonces = Array.from({ length: 2000 }, () => records.seal(Buffer.of(), '').toString('hex', 1, 1 + 12))
  assert.equal(new Set(nonces).size, nonces.length)
})

test('a seal made by an earlier release still opens', () => {
  const sealed = Buffer.from('AcpPiTx91q2heye8MKpeChpT+e4q5e8PlRJT3O9l7R5Yam6LQQ==', 'base64')
  assert.equal(records.open(sealed, 'key/0x000000000000002a').toString(), 'a record')
  assert.equal(
    records.mark('1 2 3').toString('hex'),
    '5874ddb78228f756c07f95a94f7e119552cc34aa2e51fb8ed67f33c2b3f49a65',
  )
  assert.equal(masterKeyCheck(MASTER), 'c13b3c443d5cbe80')
})

test('one flipped bit anywhere is refused', () => {
  const sealed = records.seal(Buffer.from('a record'), 'user/1')
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = Buffer.from(sealed)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.throws(() => records.open(damaged, 'user/1'), refusal, `bit ${bit}`)
  }
})

test('a shorter or longer one is refused, down to nothing', () => {
  const sealed = records.seal(Buffer.from('a record'), 'user/1')
  for (let length = 0; length < sealed.length; length++) {
    assert.throws(() => records.open(sealed.subarray(0, length), 'user/1'), refusal, `${length} bytes`)
  }
  assert.throws(() => records.open(Buffer.concat([sealed, Buffer.of(0)]), 'user/1'), refusal)
})

test('another context, purpose, cluster or master key is refused', () => {
  const sealed = records.seal(Buffer.from('a record'), 'user/1')
  const otherMaster = Buffer.from(MASTER)
  otherMaster[31] = 0
  assert.throws(() => records.open(sealed, 'user/2'), refusal)
  assert.throws(() => records.open(sealed, ''), refusal)
  assert.throws(() => createSealer(MASTER, 'material', CLUSTER).open(sealed, 'user/1'), refusal)
  assert.throws(() => createSealer(MASTER, 'records', 'cluster-bcdefgh2345').open(sealed, 'user/1'), refusal)
  assert.throws(() => createSealer(otherMaster, 'records', CLUSTER).open(sealed, 'user/1'), refusal)
})

test('cluster id and context cannot be shifted against each other', () => {
  const sealed = createSealer(MASTER, 'records', 'ab').seal(Buffer.from('x'), 'cd')
  assert.throws(() => createSealer(MASTER, 'records', 'abc').open(sealed, 'd'), refusal)
})

test('a mark depends on text, purpose, cluster and master key', () => {
  const marks = [
    records.mark('a'),
    records.mark('b'),
    createSealer(MASTER, 'material', CLUSTER).mark('a'),
    createSealer(MASTER, 'records', 'cluster-bcdefgh2345').mark('a'),
    createSealer(Buffer.alloc(32), 'records', CLUSTER).mark('a'),
  ].map((mark) => mark.toString('hex'))
  assert.equal(new Set(marks).size, marks.length)
  assert.deepEqual(records.mark('a'), createSealer(MASTER, 'records', CLUSTER).mark('a'))
})

test('the master key check tells keys apart in 16 hex digits', () => {
  assert.match(masterKeyCheck(MASTER), /^[0-9a-f]{16}$/)
  assert.notEqual(masterKeyCheck(MASTER), masterKeyCheck(Buffer.alloc(32)))
})

test('a master key of another length is refused', () => {
  for (const length of [0, 16, 31, 33, 64]) {
    const key = Buffer.alloc(length)
    assert.throws(() => createSealer(key, 'records', CLUSTER), /must be 32 bytes/)
    assert.throws(() => masterKeyCheck(key), /must be 32 bytes/)
  }
})

test('the master key may be wiped once the sealer is made', () => {
  const master = Buffer.from(MASTER)
  const sealer = createSealer(master, 'records', CLUSTER)
  master.fill(0)
  assert.deepEqual(records.open(sealer.seal(Buffer.from('x'), 'c'), 'c'), Buffer.from('x'))
})
