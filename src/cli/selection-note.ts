/** Lists keys that a filter matched when it should have matched one: for people, beside the JSON. */
import { HsmError } from '../contract/errors.ts'
import type { OperationName, Reply } from '../contract/operations.ts'
import { shown, visible } from '../contract/shown.ts'
import type { Call } from './spec.ts'

/** What was asked when it was refused. */
export type Refusal = { readonly request: object; readonly error: unknown }

const SHOWN = 5

/** The same calls; `refusal` is the last that was refused. */
export function remembering(call: Call): { readonly call: Call; refusal(): Refusal | undefined } {
  let refusal: Refusal | undefined
  return {
    async call(operation: OperationName, request: object) {
      try {
        return await call(operation, request as never)
      } catch (error) {
        refusal = { request, error }
        throw error
      }
    },
    refusal: () => refusal,
  } as { readonly call: Call; refusal(): Refusal | undefined }
}

/** Empty when it was refused for another reason. Tells nothing that the same user could not list. */
export async function selectionNote(call: Call, { request, error }: Refusal): Promise<string> {
  if (!(error instanceof HsmError && error.code === 'key-selection')) return ''
  const notes = await Promise.all(filtersOf(request).map(([name, filter]) => note(call, name, filter)))
  return notes.join('')
}

const filtersOf = (request: object): readonly [string, string[]][] =>
  Object.entries(request).filter(([name]) => name.endsWith('filter'))

async function note(call: Call, name: string, filter: string[]): Promise<string> {
  const listed = { filter, 'max-items': SHOWN, verbose: true }
  const found = await call('key.list', listed).catch(() => undefined)
  if (!found || found.total_key_count === 1) return ''
  const { total_key_count: total, matched_keys: keys } = found
  if (total === 0) return none(name, filter)
  const more = total > keys.length ? `; the first ${keys.length} are` : ''
  return visible(`The ${name} matches ${total} keys${more}:\n${keys.map(line).join('')}`)
}

/** A list with commas is one term, and perhaps a label that no key has. */
function none(name: string, filter: readonly string[]): string {
  const list = filter.find((term) => /,$|,attr\.|,key-reference=/.test(term))
  const hint = list === undefined ? '' : `; ${shown(list)} has a comma, terms are separated by spaces`
  return `The ${name} matches no key${hint}\n`
}

function line({ 'key-reference': reference, attributes }: Reply<'key.list'>['matched_keys'][number]): string {
  const keyClass =
    'class' in attributes ? `  ${String(attributes['class']).padEnd('private-key'.length)}` : ''
  return `  ${reference}${keyClass}  ${attributes.label}\n`
}
