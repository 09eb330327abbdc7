import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { page } from '../../../../src/engine/reply/paging.ts'

const reference = (number: number): string => `0x${number.toString(16).padStart(16, '0')}`
const START = reference(0)

test('pages after a reference list what stays, each key once, whatever is deleted and made meanwhile', () => {
  const change = fc.record({
    size: fc.integer({ min: 1, max: 4 }),
    gone: fc.array(fc.integer({ min: 1, max: 40 })),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 40 })),
      fc.infiniteStream(change),
      (numbers, changes) => {
        let keys = numbers.sort((a, b) => a - b).map((number) => ({ id: reference(number) }))
        const before = new Set(keys.map(({ id }) => id))
        const listed: string[] = []
        for (let token: string | undefined = START; token !== undefined; ) {
          const { size, gone } = changes.next().value
          const { items, next }: ReturnType<typeof page<{ readonly id: string }>> = page(keys, size, token)
          listed.push(...items.map(({ id }) => id))
          token = next
          keys = keys.filter(({ id }) => !gone.includes(Number(id)))
        }
        assert.equal(new Set(listed).size, listed.length)
        assert.ok(listed.every((id) => before.has(id)))
        assert.ok(keys.every(({ id }) => listed.includes(id)))
      },
    ),
  )
})
