import * as v from 'valibot'
import { HsmError } from './errors.ts'
import { type Checked, OPERATIONS, type OperationName } from './operations.ts'
import { shown } from './shown.ts'
import { brokenText, NO_TEXT } from './text.ts'

/**
 * A request as the operation's schema has it. Throws `invalid-request` with one sentence naming the field, or `invalid-filter`
 * naming the term.
 */
export function checkRequest<K extends OperationName>(operation: K, request: unknown): Checked<K> {
  const result = v.safeParse(OPERATIONS[operation].request, request, { abortEarly: true })
  if (result.success) {
    const broken = brokenText(result.output)
    if (broken === undefined) return result.output as Checked<K>
    throw new HsmError('invalid-request', `${shown(broken)} ${NO_TEXT}`)
  }
  throw new HsmError('invalid-request', explain(result.issues[0]))
}

/** Whether the operation table has this name. */
export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name)
}

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
