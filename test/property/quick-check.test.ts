/** A quick check that says something says what the schema does: of requests and replies of every operation, and of what is nearly one. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import * as v from 'valibot'
import { keyFilter } from '../../src/contract/filters.ts'
import { OPERATIONS, type Operation } from '../../src/contract/operations.ts'
import { quickCheckOf, UNSURE, withQuickCheck } from '../../src/contract/quick-check.ts'
import { brokenText } from '../../src/contract/text.ts'

/** What valibot's schemas have in them, whichever they are. */
type Schema = v.GenericSchema & {
  readonly entries?: Readonly<Record<string, Schema>>
  readonly options?: readonly unknown[]
  readonly wrapped?: Schema
  readonly item?: Schema
  readonly literal?: unknown
  readonly pipe?: readonly { readonly type: string }[]
}

const REFERENCE = '0x0123456789abcdef'
const FILTERS = [
  [`key-reference=${REFERENCE}`],
  ['key-reference=0x1'],
  [`key-reference=${REFERENCE.toUpperCase()}`],
  [`key-reference=${REFERENCE}\n`],
  [`key-reference=${REFERENCE}`, 'attr.label=x'],
  ['attr.label=x'],
  ['key-reference='],
  ['nothing'],
  [''],
  [],
]
const TEXTS = [
  '',
  'x',
  'alice',
  '0x',
  '0x2f01',
  'AAAA',
  'not base64',
  '\u{d800}',
  '\u{fffd}',
  'x'.repeat(5000),
]
const NUMBERS = [
  0,
  -0,
  1,
  8,
  12,
  16,
  32,
  65_537,
  2048,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
]

/** Any of these may stand where something else belongs. */
const STRAY = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, [undefined], new Date(0), Object.create({ name: 'hmac' })),
  fc.constantFrom(...TEXTS),
  fc.constantFrom(...NUMBERS),
  fc.constantFrom(...FILTERS),
  fc.uint8Array({ maxLength: 20 }),
  fc.jsonValue(),
)
const almost = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 40, arbitrary: value }, { weight: 1, arbitrary: STRAY })

const filter = fc.oneof({ weight: 2, arbitrary: fc.constant(FILTERS[0]) }, fc.constantFrom(...FILTERS))
const bytes = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 20 }).map((some) => Buffer.from(some)) },
  fc.constantFrom(Buffer.alloc(8), Buffer.alloc(16), Buffer.alloc(12), Buffer.alloc(600_000)),
  // In base64: of any length, of the wrong one, with stray bits behind the last byte, and nearly.
  fc.uint8Array({ maxLength: 20 }).map((some) => Buffer.from(some).toString('base64')),
  fc.constantFrom<unknown>(
    new Uint8Array(16),
    'AAAA',
    'AAA',
    'AB==',
    'AA=',
    'A_-A',
    'AA AA',
    'AAAA\n',
    'AAA\u017f',
  ),
)

const has = ({ pipe = [] }: Schema, type: string): boolean =>
  pipe.some((step) => step.type === type || ('pipe' in step && has(step as Schema, type)))

const isReplyBytes = ({ type, pipe = [] }: Schema): boolean =>
  type === 'string' && pipe.some((step) => 'message' in step && step.message === 'must be base64')

/** What fits the schema, more often than not. */
function near(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.type === 'array' && has(schema, 'transform')) return almost(filter)
  if (has(schema, 'base64') || isReplyBytes(schema)) return almost(bytes)
  return almost(nearly(schema))
}

function nearly(schema: Schema): fc.Arbitrary<unknown> {
  const { options = [], item, wrapped, entries = {} } = schema
  switch (schema.type) {
    case 'string':
      return fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'binary', maxLength: 20 }))
    case 'number':
      return fc.oneof(fc.constantFrom(...NUMBERS), fc.integer({ min: 0, max: 300 }))
    case 'boolean':
      return fc.boolean()
    case 'literal':
      return fc.constant(schema.literal)
    case 'picklist':
      return fc.constantFrom(...options)
    case 'array':
      return fc.array(near(item as Schema), { maxLength: 3 })
    case 'optional':
      return fc.option(near(wrapped as Schema), { nil: undefined })
    case 'variant':
    case 'union':
      return fc.oneof(...(options as Schema[]).map(near))
    case 'object':
    case 'strict_object':
      return nearObject(entries)
    default:
      return fc.dictionary(fc.constantFrom('sign', 'label', 'x'), fc.oneof(fc.boolean(), fc.string()))
  }
}

const nearObject = (entries: Readonly<Record<string, Schema>>) => {
  const names = Object.entries(entries).filter(([, { type }]) => type !== 'optional')
  const members = fc.record(
    Object.fromEntries(Object.entries(entries).map(([name, one]) => [name, near(one)])),
    {
      requiredKeys: names.map(([name]) => name),
    },
  )
  const more = fc.constantFrom(
    {},
    {},
    {},
    {},
    {},
    {},
    {},
    {},
    { more: undefined },
    JSON.parse('{"__proto__":1}'),
  )
  return fc.tuple(members, more).map(([one, other]) => Object.assign(one, other))
}

/** What the schema makes of it; `undefined` when that is a refusal. */
function slowly(schema: v.GenericSchema, value: unknown): unknown {
  try {
    const { success, output } = v.safeParse(schema, value, { abortEarly: true })
    return success && brokenText(output) === undefined ? output : undefined
  } catch {
    return undefined // filters are refused from within their schema
  }
}

suite('quick checks', () => {
  // The first of all: what was read last is remembered, and here nothing was.
  test('are unsure of a filter with one empty term', () => {
    assert.equal(quickCheckOf(keyFilter('filter'))(['']), UNSURE)
  })

  const said: Record<string, { sure: number; unsure: number; refused: number }> = {}
  for (const [name, { request }] of Object.entries<Operation>(OPERATIONS)) {
    test(name, () => {
      const quickly = quickCheckOf(request)
      const counts = { sure: 0, unsure: 0, refused: 0 }
      said[name] = counts
      fc.assert(
        fc.property(near(request as Schema), (value) => {
          const quick = quickly(value)
          const slow = slowly(request, value)
          if (quick !== UNSURE) assert.deepEqual(quick, slow)
          if (slow === undefined) counts.refused += 1
          else counts[quick === UNSURE ? 'unsure' : 'sure'] += 1
        }),
        { numRuns: name.startsWith('crypto.') ? 1000 : 200 },
      )
    })
  }

  for (const [name, { reply }] of Object.entries<Operation>(OPERATIONS)) {
    test(`the reply of ${name}`, () => {
      const quickly = quickCheckOf(reply)
      let sure = 0
      fc.assert(
        fc.property(near(reply as Schema), (value) => {
          const quick = quickly(value)
          if (quick === UNSURE) return
          sure += 1
          assert.deepEqual(quick, v.parse(reply, value))
        }),
        { numRuns: name.startsWith('crypto.') ? 500 : 100 },
      )
      if (name.startsWith('crypto.')) assert.ok(sure > 50)
    })
  }

  test('met requests of each kind that they are sure of, that they are not sure of, and that are refused', () => {
    for (const [name, { sure, unsure }] of Object.entries(said)) {
      // About thirty of a thousand, or more: five or fewer come by chance once in ten million runs.
      if (/^crypto\./.test(name)) assert.ok(sure > 5 && unsure > 5, `${name}: ${sure} ${unsure}`)
    }
    const all = Object.values(said)
    assert.ok(all.reduce((sum, { refused }) => sum + refused, 0) > 1000)
  })

  test('look at what is at each place of a list, whatever its iterator says, and find a gap', () => {
    class Sly extends Array<unknown> {
      override *[Symbol.iterator](): ArrayIterator<unknown> {
        yield 'AAAA'
      }
    }
    const quickly = quickCheckOf(v.array(v.string()))
    assert.equal(quickly(Sly.of(7)), UNSURE)
    const gap = ['x', 'x', 'x']
    delete gap[1]
    assert.equal(quickly(gap), UNSURE)
    assert.deepEqual(quickly(['x', 'x']), ['x', 'x'])
  })

  test('read nothing of a list that is too long', () => {
    let read = 0
    const item = withQuickCheck({ ...v.string() }, (value) => {
      read += 1
      return value
    })
    const quickly = quickCheckOf(
      v.strictObject({ list: v.pipe(v.array(item), v.minLength(1), v.maxLength(2)) }),
    )
    assert.equal(quickly({ list: ['x', 'x', 'x'] }), UNSURE)
    assert.equal(read, 0)
    assert.deepEqual(quickly({ list: ['x', 'x'] }), { list: ['x', 'x'] })
    assert.equal(read, 2)
  })

  test('are unsure of every kind of schema that they do not know', () => {
    const others = [
      v.looseObject({}),
      v.record(v.string(), v.string()),
      v.union([v.string(), v.number()]),
      v.nullable(v.string()),
      v.any(),
      v.pipe(v.string(), v.toLowerCase()),
      v.pipe(v.string(), v.regex(/x/)),
      v.optional(v.any()),
      v.strictObject({ one: v.any() }),
      v.array(v.any()),
      v.variant('one', [v.looseObject({ one: v.literal('x') })]),
    ]
    for (const schema of others) {
      for (const value of ['x', 1, [1], [undefined], { one: 'x' }, null]) {
        assert.equal(quickCheckOf(schema)(value), UNSURE, `${schema.type} ${JSON.stringify(value)}`)
      }
    }
  })
})
