/**
 * Readers that turn decoded JSON into typed data, or throw. `JSON.stringify` leaves members out that are undefined;
 * reading puts them back, so that what is loaded equals what was written and all records of a kind are laid out alike.
 */
export type Read<T> = (value: unknown) => T

/** One reader for every member: a member added to the type does not compile until it is read. */
export type Shape<T> = { readonly [Member in keyof T]-?: Read<T[Member]> }

export const text: Read<string> = (value) =>
  typeof value === 'string' ? value : refuse('a member is not a text')

export const flag: Read<boolean> = (value) =>
  typeof value === 'boolean' ? value : refuse('a member is neither true nor false')

/** A whole number from 0. */
export const count: Read<number> = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse('a member is not a count')

export const optional =
  <T>(read: Read<T>): Read<T | undefined> =>
  (value) =>
    value === undefined ? undefined : read(value)

export const listOf =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (value) =>
    Array.isArray(value) ? value.map(read) : refuse('a member is not a list')

export function oneOf<const T extends string>(values: readonly T[]): Read<T> {
  const known: ReadonlyMap<unknown, T> = new Map(values.map((value) => [value, value]))
  return (value) => known.get(value) ?? refuse('a member has an unknown value')
}

export function object<T>(shape: Shape<T>): Read<T> {
  const read = extensible(shape)
  return (value) => {
    const found = read(value)
    if (unknownIn(shape, found as object).length > 0) refuse('it has an unknown member')
    return found
  }
}

/** Members that are not in the shape are kept as they are: a later version has added them, and may be ignored. */
export function extensible<T>(shape: Shape<T>): Read<T> {
  const members = Object.entries(shape) as [string, Read<unknown>][]
  return (value) => {
    const given = membersOf(value)
    const read: Record<string, unknown> = {}
    for (const [name, readMember] of members) read[name] = readMember(given[name])
    const unknown = unknownIn(shape, given)
    if (unknown.length === 0) return read as T
    return { ...read, ...Object.fromEntries(unknown.map((name) => [name, given[name]])) } as T
  }
}

const unknownIn = (shape: object, given: object): readonly string[] =>
  Object.keys(given).filter((name) => !Object.hasOwn(shape, name))

/** Any of the members, each of the same kind. */
export function partial<Name extends string, T>(
  names: readonly Name[],
  read: Read<T>,
): Read<{ [Member in Name]?: T }> {
  const known: ReadonlySet<string> = new Set(names)
  return (value) => {
    const given = Object.entries(membersOf(value))
    if (given.some(([name]) => !known.has(name))) refuse('it has an unknown member')
    return Object.fromEntries(given.map(([name, member]) => [name, read(member)])) as { [M in Name]?: T }
  }
}

/** @throws TypeError when it is no object */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse('it is not an object')
}

function refuse(why: string): never {
  throw new TypeError(why)
}
