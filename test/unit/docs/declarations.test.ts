/** What the reference of records reads out of the sources. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declarationsIn } from '../../../tools/docs/declarations.ts'

const SOURCE = `
/**
 * A dog.
 *
 * @since format 2
 */
export type Dog = {
  readonly kind: 'dog'
  /**
   * What it is called
   * by others.
   *
   * @since format 3
   */
  readonly name?: string | undefined
  /** In years. */
  readonly age: number
}

export type Kennel = Dog & {
  readonly dogs: readonly Dog[]
}
export type Point = { readonly x: number; readonly y: number }
`

test('types are read with their members and docstrings', () => {
  const types = declarationsIn(SOURCE)
  assert.deepEqual(new Set(types.keys()), new Set(['Dog', 'Kennel', 'Point']))
  assert.deepEqual(types.get('Dog'), {
    about: 'A dog.',
    since: 2,
    members: [
      { name: 'kind', optional: false, type: "'dog'", about: '', since: undefined },
      {
        name: 'name',
        optional: true,
        type: 'string | undefined',
        about: 'What it is called by others.',
        since: 3,
      },
      { name: 'age', optional: false, type: 'number', about: 'In years.', since: undefined },
    ],
  })
  assert.deepEqual(
    types.get('Kennel')?.members.map(({ type }) => type),
    ['readonly Dog[]'],
  )
  assert.deepEqual(
    types.get('Point')?.members.map(({ name }) => name),
    ['x', 'y'],
  )
})
