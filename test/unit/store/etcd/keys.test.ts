import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createKeys } from '../../../../src/store/etcd/keys.ts'

const keys = createKeys('cluster-test2345abc')
const inside = (key: Uint8Array, { from, to }: typeof keys.everything) =>
  Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0

describe('keys in etcd', () => {
  it('are told apart as they were made', () => {
    assert.deepEqual(keys.parse(keys.root), { kind: 'root' })
    assert.deepEqual(keys.parse(keys.record('user/user-1')), { kind: 'record', key: 'user/user-1' })
    assert.deepEqual(keys.parse(keys.member('ack/hsm-1')), { kind: 'member', key: 'ack/hsm-1' })
    assert.deepEqual(keys.parse(keys.entry('hsm-1', 7)), { kind: 'other' })
  })

  it('lie in the ranges that are read and watched, and those of another cluster do not', () => {
    const all = [keys.root, keys.record('key/0x01'), keys.member('node/hsm-1'), keys.entry('hsm-1', 0)]
    for (const key of all) assert.ok(inside(key, keys.everything))
    assert.ok(inside(keys.record('user/ÿ\u{10ffff}'), keys.records))
    assert.ok(!inside(keys.root, keys.records))
    assert.ok(!inside(keys.member('ack/hsm-1'), keys.members('node/')))
    for (const other of ['cluster-test2345abd', 'cluster-test2345abc0', 'cluster-test2345ab']) {
      assert.ok(!inside(createKeys(other).root, keys.everything))
    }
  })

  it('keep the entries of an audit log in the order of their numbers', () => {
    const numbers = [0, 9, 10, 99, 1000, Number.MAX_SAFE_INTEGER]
    const sorted = numbers.map((number) => keys.entry('hsm-1', number)).toSorted(Buffer.compare)
    assert.deepEqual(
      sorted,
      numbers.map((number) => keys.entry('hsm-1', number)),
    )
  })
})
