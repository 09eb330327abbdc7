/** Whatever a request may hold any number of has a limit, and that is looked at before what is in it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as v from 'valibot'
import { OPERATIONS } from '../../../src/contract/operations.ts'

type Action = { readonly type: string; readonly requirement?: number }
/** What valibot's schemas have in them, whichever they are. */
type Schema = v.GenericSchema & {
  readonly entries?: Readonly<Record<string, Schema>>
  readonly options?: readonly (Schema | string)[]
  readonly wrapped?: Schema
  readonly item?: Schema
  readonly key?: Schema | string
  readonly value?: Schema
  readonly pipe?: readonly (Schema & Action)[]
}

type Found = { readonly path: string; readonly schema: Schema; readonly max: number | undefined }

const LIMITED: Readonly<Record<string, string>> = {
  array: 'max_length',
  string: 'max_length',
  record: 'max_entries',
}

/** The lists, texts and records in a schema, with their limits. */
function* bounded(path: string, schema: Schema): Generator<Found> {
  const limit = LIMITED[schema.type]
  if (limit !== undefined) yield { path, schema, max: limitOf(schema, limit) }
  for (const [name, entry] of Object.entries(schema.entries ?? {})) yield* bounded(`${path}.${name}`, entry)
  for (const option of schema.options ?? []) {
    if (typeof option === 'object') yield* bounded(path, option)
  }
  for (const inner of [schema.wrapped, schema.item, schema.key, schema.value]) {
    if (typeof inner === 'object' && 'kind' in inner) yield* bounded(`${path}.*`, inner)
  }
}

const limitOf = (schema: Schema, type: string): number | undefined =>
  schema.pipe?.map((step) => (step.type === type ? step.requirement : limitIn(step, type))).find(Boolean)
const limitIn = (step: Schema, type: string) => (step.pipe ? limitOf(step, type) : undefined)

const found = Object.entries(OPERATIONS).flatMap(([name, { request }]) => [
  ...bounded(name, request as unknown as Schema),
])

const refusal = (schema: Schema, value: unknown) => {
  const { success, issues } = v.safeParse(schema, value, { abortEarly: true })
  return { success, type: issues?.[0].type }
}

/** Throws when anything looks at what is in it. */
function untouchable(length: number): unknown[] {
  const items = Array<unknown>(length).fill('x')
  Object.defineProperty(items, 0, { get: () => assert.fail('an item was looked at') })
  return items
}

suite('bounds of requests', () => {
  test('every list, text and record has a limit', () => {
    assert.ok(found.length > 200)
    assert.deepEqual(
      found.filter(({ max }) => max === undefined).map(({ path }) => path),
      [],
    )
  })

  test('a list that is too long is refused before its items are looked at', () => {
    const lists = found.filter(({ schema }) => schema.type === 'array')
    assert.ok(lists.length > 20)
    for (const { path, schema, max = 0 } of lists) {
      assert.deepEqual(refusal(schema, untouchable(max + 1)), { success: false, type: 'max_length' }, path)
    }
  })

  test('a record with too many members is refused before its members are looked at', () => {
    const records = found.filter(({ schema }) => schema.type === 'record')
    assert.ok(records.length > 0)
    for (const { path, schema, max = 0 } of records) {
      const members = Object.fromEntries(Array.from({ length: max + 1 }, (_, at) => [`m${at}`, true]))
      Object.defineProperty(members, 'm0', {
        get: () => assert.fail('a member was looked at'),
        enumerable: true,
      })
      assert.deepEqual(refusal(schema, members), { success: false, type: 'max_entries' }, path)
    }
  })

  test('a text that is too long is refused before it is looked at closer', () => {
    const texts = found.filter(({ schema }) => schema.type === 'string')
    for (const { path, schema, max = 0 } of texts) {
      assert.deepEqual(
        refusal(schema, '\u0000'.repeat(max + 1)),
        { success: false, type: 'max_length' },
        path,
      )
    }
  })
})
