import * as v from 'valibot'
import type { Bytes } from '../base/bytes.ts'
import { noteDecoded } from './bytes.ts'
import { HsmError } from './errors.ts'
import { type Checked, OPERATIONS, type Operation, type OperationName } from './operations.ts'
import { type QuickCheck, quickCheckOf, UNSURE } from './quick-check.ts'
import { shown } from './shown.ts'
import { brokenText, NO_TEXT } from './text.ts'

/**
 * A request as the operation's schema has it.
 *
 * @param made gets the bytes that were made of base64: whoever is done with the request wipes them with `wipeAll`, also when this throws
 * @throws HsmError `invalid-request` with one sentence naming the field, or `invalid-filter` naming the term
 */
export const checkRequest = <K extends OperationName>(
  operation: K,
  request: unknown,
  made: Bytes[],
): Checked<K> => noteDecoded(made, () => check(operation, request))

function check<K extends OperationName>(operation: K, request: unknown): Checked<K> {
  const quickly = QUICK[operation]?.(request) ?? UNSURE
  if (quickly !== UNSURE) return quickly as Checked<K>
  const result = v.safeParse(OPERATIONS[operation].request, request, { abortEarly: true })
  if (result.success) {
    const broken = brokenText(result.output)
    if (broken === undefined) return result.output as Checked<K>
    throw new HsmError('invalid-request', `${shown(broken)} ${NO_TEXT}`)
  }
  throw new HsmError('invalid-request', explain(result.issues[0]))
}

/** Of what keeps nothing of a request beyond the answer: what is taken as it is, is still the caller's. */
const QUICK: Readonly<Partial<Record<OperationName, QuickCheck>>> = Object.fromEntries(
  Object.entries<Operation>(OPERATIONS)
    .filter(([, { audit }]) => audit === 'use' || audit === 'none')
    .map(([name, { request }]) => [name, quickCheckOf(request)]),
)

/**
 * Members of a request that are sound by themselves, whatever is wrong with the others: what a malformed request is about.
 *
 * @param names of the members that are wanted
 */
export function soundMembers(
  operation: OperationName,
  request: unknown,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  const given = typeof request === 'object' && request !== null ? request : {}
  const schemas = membersOf(OPERATIONS[operation].request)
  const sound = names.flatMap((name) => {
    const schema = schemas[name]
    const value = Object.getOwnPropertyDescriptor(given, name)?.value
    return schema && value !== undefined ? soundValue(schema, value).map((output) => [name, output]) : []
  })
  return Object.fromEntries(sound)
}

type Schemas = Readonly<Record<string, v.GenericSchema>>

const membersOf = (schema: object): Schemas => {
  if ('entries' in schema) return schema.entries as Schemas
  return 'options' in schema ? Object.assign({}, ...(schema.options as object[]).map(membersOf)) : {}
}

/** @returns one value, or none */
function soundValue(schema: v.GenericSchema, value: unknown): readonly unknown[] {
  try {
    const { success, output } = v.safeParse(schema, value, { abortEarly: true })
    return success && brokenText(output) === undefined ? [output] : []
  } catch {
    // Filters are refused from within their schema.
    return []
  }
}

/** Whether the operation table has this name. */
export const isOperation = (name: string): name is OperationName => NAMES.has(name)

const NAMES: ReadonlySet<string> = new Set(Object.keys(OPERATIONS))

/** Our own messages are whole sentences; valibot's get the field in front and lose the value they quote. */
function explain(issue: v.BaseIssue<unknown>): string {
  const field = shown(v.getDotPath(issue) ?? 'request')
  if (issue.message.startsWith('Invalid integer')) return `${field} must be a whole number`
  if (issue.expected === null || !issue.message.startsWith('Invalid ')) {
    return /^(must|is not) /.test(issue.message) ? `${field} ${issue.message}` : issue.message
  }
  if (issue.message.startsWith('Invalid username')) return issue.message
  if (issue.expected === 'never') return `${field} is not expected`
  return issue.received === 'undefined'
    ? `${field} is missing`
    : `${field} is invalid: expected ${issue.expected}`
}
