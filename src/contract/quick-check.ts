/**
 * A quick look at a value that says what its schema would make of it, for nearly all that clients ask for; of the others it says
 * nothing, and valibot decides. What is taken as it is costs no allocation.
 */
import type * as v from 'valibot'

/** @returns the value as the schema would have it, which is mostly the value itself; or `UNSURE` */
export type QuickCheck = (value: unknown) => unknown

/** The schema is to say. */
export const UNSURE: unique symbol = Symbol('unsure')

const unsure: QuickCheck = () => UNSURE

/** Of schemas that do more than their parts say. */
const own = new WeakMap<object, QuickCheck>()

/** The same schema, with a quick check of its own. A schema that is made of it does not inherit that. */
export function withQuickCheck<S extends object>(schema: S, check: QuickCheck): S {
  own.set(schema, check)
  return schema
}

/** What valibot's schemas and actions have in them, whichever they are. */
type Part = {
  readonly kind: string
  readonly type: string
  readonly requirement?: unknown
  readonly pipe?: readonly Part[]
  readonly entries?: Readonly<Record<string, Part>>
  readonly options?: readonly unknown[]
  readonly item?: Part
  readonly wrapped?: Part
  readonly literal?: unknown
  readonly key?: string
  readonly default?: unknown
}

/** Made once for a schema. Kinds of schemas that it does not know it is unsure of. */
export const quickCheckOf = (schema: v.GenericSchema): QuickCheck => checkOf(schema as unknown as Part)

function checkOf(schema: Part): QuickCheck {
  const known = own.get(schema)
  if (known) return known
  if (schema.pipe) return pipeOf(schema.pipe)
  switch (schema.type) {
    case 'string':
      // A text with half of a surrogate pair is refused elsewhere, with its own sentence.
      return (value) => (typeof value === 'string' && value.isWellFormed() ? value : UNSURE)
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : UNSURE)
    case 'number':
      return (value) => (typeof value === 'number' && !Number.isNaN(value) ? value : UNSURE)
    case 'literal':
      return (value) => (value === schema.literal ? value : UNSURE)
    case 'picklist':
      return (value) => (schema.options?.includes(value) ? value : UNSURE)
    case 'array':
      return arrayOf(schema.item)
    case 'optional':
      return optionalOf(schema)
    // One that leaves out what it does not know is unsure of that, too.
    case 'object':
    case 'strict_object':
      return objectOf(schema.entries ?? {})
    case 'variant':
      return variantOf(schema)
    default:
      return unsure
  }
}

/** @returns undefined: an action that changes the value, or is not known */
function actionOf({ kind, type, requirement }: Part): ((value: never) => boolean) | undefined {
  if (kind !== 'validation') return undefined
  const bound = requirement as number
  switch (type) {
    case 'max_length':
      return ({ length }: { length: number }) => length <= bound
    case 'min_length':
      return ({ length }: { length: number }) => length >= bound
    case 'max_value':
      return (value: number) => value <= bound
    case 'min_value':
      return (value: number) => value >= bound
    case 'integer':
    case 'check':
      return requirement as (value: never) => boolean
    default:
      return undefined
  }
}

function pipeOf([schema, ...actions]: readonly Part[]): QuickCheck {
  const rules = actions.map(actionOf)
  if (!schema || !rules.every((rule) => rule !== undefined)) return unsure
  const check = checkOf(schema)
  const longest = Math.min(...actions.map(longestOf))
  return (value) => {
    // As the schema does it: a length is looked at before what has it.
    if (Array.isArray(value) && value.length > longest) return UNSURE
    const checked = check(value)
    if (checked === UNSURE) return UNSURE
    for (const rule of rules) if (!rule(checked as never)) return UNSURE
    return checked
  }
}

/** Items that an action leaves, at the most. */
const longestOf = ({ type, requirement }: Part): number =>
  type === 'max_length' ? (requirement as number) : Number.POSITIVE_INFINITY

function arrayOf(item: Part | undefined): QuickCheck {
  const check = item ? checkOf(item) : unsure
  return (value) => (Array.isArray(value) ? checkItems(value, check) : UNSURE)
}

/** Items that the schema makes something else of are changed in a copy, as are members of objects. */
function checkItems(list: readonly unknown[], check: QuickCheck): unknown {
  let changed: unknown[] | undefined
  // By their places, as the schema and whoever works on them go through them.
  for (let at = 0; at < list.length; at += 1) {
    const item = list[at]
    const checked = check(item)
    if (checked === UNSURE) return UNSURE
    if (checked !== item) {
      changed ??= Array.from({ length: list.length }, (_, place) => list[place])
      changed[at] = checked
    }
  }
  return changed ?? list
}

function optionalOf({ wrapped, default: instead }: Part): QuickCheck {
  const check = wrapped ? checkOf(wrapped) : unsure
  return (value) => (value === undefined && instead === undefined ? undefined : check(value))
}

type Entry = { readonly check: QuickCheck; readonly needed: boolean }

/** Of plain objects. */
function objectOf(entries: Readonly<Record<string, Part>>): QuickCheck {
  const known = new Map(
    Object.entries(entries).map(([name, entry]) => [
      name,
      { check: checkOf(entry), needed: isNeeded(entry) },
    ]),
  )
  const needed = Object.values(entries).filter(isNeeded).length
  return (value) => (isPlain(value) ? checkMembers(value, known, needed) : UNSURE)
}

function checkMembers(
  value: Readonly<Record<string, unknown>>,
  known: ReadonlyMap<string, Entry>,
  needed: number,
): unknown {
  let missing = needed
  let result: Record<string, unknown> | undefined
  for (const name in value) {
    const entry = known.get(name)
    const member = value[name]
    const checked = entry ? entry.check(member) : UNSURE
    if (checked === UNSURE) return UNSURE
    if (checked !== member) {
      result ??= { ...value }
      result[name] = checked
    }
    if (entry?.needed) missing -= 1
  }
  return missing === 0 ? (result ?? value) : UNSURE
}

/** As literals and JSON make them: nothing is inherited. */
const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** What is left out is filled in, if there is a default: that is for the schema. */
const isNeeded = ({ type, default: instead }: Part): boolean => type !== 'optional' || instead !== undefined

function variantOf({ key = '', options = [] }: Part): QuickCheck {
  const checks = new Map<unknown, QuickCheck>()
  for (const option of options as readonly Part[]) {
    const check = checkOf(option)
    for (const tag of tagsOf(option.entries?.[key])) checks.set(tag, checks.has(tag) ? unsure : check)
  }
  return (value) => {
    if (!isPlain(value)) return UNSURE
    return checks.get(value[key])?.(value) ?? UNSURE
  }
}

function tagsOf(tag: Part | undefined): readonly unknown[] {
  if (tag?.type === 'literal') return [tag.literal]
  return tag?.type === 'picklist' ? (tag.options ?? []) : []
}
