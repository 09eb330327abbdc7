import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { RecordKey } from '../../../../src/model/records.ts'
import { createKeptMaterials } from '../../../../src/store/etcd/kept-materials.ts'

const key = (at: number): RecordKey => `key/${at}`
const text = (byte: number, length: number) => Buffer.alloc(length, byte).toString('base64')

suite('material in memory', () => {
  test('is what was put there, whatever was put and dropped around it', () => {
    const step = fc.record({
      at: fc.nat(40),
      byte: fc.integer({ min: 1, max: 255 }),
      length: fc.oneof(fc.nat(300), fc.nat(70_000)),
      drop: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const kept = createKeptMaterials(() => Number.POSITIVE_INFINITY)
        const model = new Map<RecordKey, { commit: number; material: string }>()
        steps.forEach(({ at, byte, length, drop }, commit) => {
          if (drop) kept.drop(key(at))
          else kept.put(key(at), commit, text(byte, length))
          if (drop) model.delete(key(at))
          else model.set(key(at), { commit, material: text(byte, length) })
        })
        assert.equal(kept.count(), model.size)
        for (const [at, { commit, material }] of model) assert.equal(kept.get(at, commit), material)
      }),
    )
  })

  test('is that of one commit, and no other', () => {
    const kept = createKeptMaterials(() => Number.POSITIVE_INFINITY)
    kept.put(key(1), 5, text(1, 8))
    assert.equal(kept.get(key(1), 5), text(1, 8))
    for (const commit of [4, 6, undefined]) {
      assert.equal(kept.get(key(1), commit), undefined)
      assert.equal(kept.has(key(1), commit), false)
    }
  })

  test('is of the keys that were used last when there is a limit', () => {
    const kept = createKeptMaterials(() => 2)
    kept.put(key(1), 1, text(1, 8))
    kept.put(key(2), 1, text(2, 8))
    assert.ok(kept.get(key(1), 1))
    kept.put(key(3), 1, text(3, 8))
    assert.deepEqual(
      [1, 2, 3].map((at) => kept.has(key(at), 1)),
      [true, false, true],
    )
  })

  test('is wiped when it is dropped, replaced, driven out and cleared', () => {
    const slabs: Buffer[] = []
    const kept = createKeptMaterials(
      () => 2,
      (bytes) => {
        slabs.push(Buffer.alloc(bytes))
        return slabs.at(-1) ?? assert.fail()
      },
    )
    const bytes = () => new Set(slabs.flatMap((slab) => [...slab]))
    kept.put(key(1), 1, text(1, 100))
    kept.put(key(2), 1, text(2, 100))
    assert.deepEqual(bytes(), new Set([1, 2, 0]))
    kept.drop(key(1))
    assert.deepEqual(bytes(), new Set([2, 0]))
    kept.put(key(2), 2, text(3, 90))
    assert.deepEqual(bytes(), new Set([3, 0]))
    kept.put(key(3), 1, text(4, 10))
    kept.put(key(4), 1, text(5, 10))
    assert.deepEqual(bytes(), new Set([4, 5, 0]))
    kept.clear()
    assert.deepEqual(bytes(), new Set([0]))
    assert.deepEqual([kept.count(), kept.bytes()], [0, 0])
  })
})
