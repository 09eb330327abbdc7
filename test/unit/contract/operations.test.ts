/** The rows of the operation table say nothing that their own schemas do not bear out. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as v from 'valibot'
import { READS } from '../../../src/cli/interruption.ts'
import { OPERATIONS, type Operation, type OperationName } from '../../../src/contract/operations.ts'

type Schema = v.GenericSchema & {
  readonly entries?: Readonly<Record<string, Schema>>
  readonly options?: readonly Schema[]
  readonly pipe?: readonly Schema[]
}
const FILTER = ['key-reference=0x1']
const SELECTOR = { reference: '0x0000000000000001' }

/** The members of a request, in each of its forms. */
const formsOf = ({ request }: Operation): readonly Readonly<Record<string, Schema>>[] => {
  const schema = (request as Schema).pipe?.[0] ?? (request as Schema)
  return (schema.options ?? [schema]).map(({ entries = {} }) => entries)
}
const isFilter = (schema: Schema | undefined): boolean => {
  if (!schema) return false
  const read = v.safeParse(schema, FILTER)
  return read.success && JSON.stringify(read.output) === JSON.stringify(SELECTOR)
}
const isText = (schema: Schema | undefined): boolean =>
  schema !== undefined &&
  [['bob'], 'bob', 'trusted-wrapping'].some((value) => v.safeParse(schema, value).success)

suite('the operation table', () => {
  for (const [name, row] of Object.entries<Operation>(OPERATIONS)) {
    test(name, () => {
      const forms = formsOf(row)
      assert.ok(forms.length > 0)
      for (const form of forms) {
        for (const member of Object.keys(row.keys ?? {})) {
          assert.ok(member === 'stream' ? isText(form[member]) : isFilter(form[member]), `keys: ${member}`)
        }
        const filters = Object.keys(form).filter((member) => isFilter(form[member]))
        const said = row.several ? ['filter'] : Object.keys(row.keys ?? {}).filter((at) => at !== 'stream')
        assert.deepEqual(new Set(filters), new Set(said), 'every filter is said to select keys')
        for (const member of Object.keys(row.names ?? {})) assert.ok(isText(form[member]), `names: ${member}`)
      }
      if (row.auditedAs) assert.ok(Object.hasOwn(OPERATIONS, row.auditedAs), row.auditedAs)
    })
  }

  test('of what only reads an interrupted command does not say that it may have been done', () => {
    const others = [
      'session.renew',
      'crypto.cancel',
      'key.export-public',
      'key.export-reference',
      'crypto.verify',
    ]
    for (const [name, { audit }] of Object.entries<Operation>(OPERATIONS)) {
      if (others.includes(name)) continue
      assert.equal(READS.has(name as OperationName), audit === 'refusals' || audit === 'none', name)
    }
  })

  test('what uses a key is recorded, and what changes anything is in the audit log', () => {
    for (const [name, { keys = {}, several, revokes, audit }] of Object.entries<Operation>(OPERATIONS)) {
      const dealings = [...Object.values(keys), ...(several ? [several] : [])]
      if (dealings.includes('use')) assert.match(audit, /^(use|management)$/, name)
      if (dealings.includes('manage') || revokes) assert.equal(audit, 'management', name)
    }
  })
})
