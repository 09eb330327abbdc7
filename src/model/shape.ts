/**
 * Readers that turn decoded JSON into typed data, or throw. `JSON.stringify` leaves members out that are undefined;
 * reading puts them back, so that what is loaded equals what was written and all records of a kind are laid out alike.
 */
export type Read<T> = (value: unknown) => T

/** One reader for every member: a member added to the type does not compile until it is read. */
export type Shape<T> = { readonly [Member in keyof T]-?: Read<T[Member]> }

/** Throws TypeError for anything but a string. */
export const text: Read<string> = (value) =>
  typeof value === 'string' ? value : refuse('a member is not a text')

/** Throws TypeError for anything but true and false. */
export const flag: Read<boolean> = (value) =>
  typeof value === 'boolean' ? value : refuse('a member is neither true nor false')

/** A whole number from 0. */
export const count: Read<number> = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse('a member is not a count')

/** A member that may be absent: it is read as undefined. */
export const optional =
  <T>(read: Read<T>): Read<T | undefined> =>
  (value) =>
    value === undefined ? undefined : read(value)

/** A list of any length, each item read by `read`. */
export const listOf =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (value) =>
    Array.isArray(value) ? value.map(read) : refuse('a member is not a list')

/** Throws TypeError for any other value. */
export function oneOf<const T extends string>(values: readonly T[]): Read<T> {
  const known: ReadonlyMap<unknown, T> = new Map(values.map((value) => [value, value]))
  return (value) => known.get(value) ?? refuse('a member has an unknown value')
}

const MOST_SHARED = 4096

/**
 * A value that many records have in common is in memory once. When there are very many different ones, those that come later
 * are kept as they come.
 *
 * @param keyOf equal for equal values only
 */
export function shared<T>(read: Read<T>, keyOf: (value: T) => unknown): Read<T> {
  const known = new Map<unknown, T>()
  return (given) => {
    const value = read(given)
    const key = keyOf(value)
    const found = known.get(key)
    if (found === undefined && known.size < MOST_SHARED) known.set(key, value)
    return found ?? value
  }
}

/** Throws TypeError for a missing, wrong or unknown member. */
export function object<T>(shape: Shape<T>): Read<T> {
  const read = members(shape)
  return (value) => {
    const { known, unknown } = read(membersOf(value))
    return unknown.length === 0 ? known : refuse('it has an unknown member')
  }
}

/** A reader that knows the members it reads, in the order in which what it has read has them. */
export type ReadMembers<T> = Read<T> & { readonly members: readonly (keyof T & string)[] }

/** Members that are not in the shape are kept as they are: a later version has added them, and may be ignored. */
export function extensible<T>(shape: Shape<T>): ReadMembers<T> {
  const read = members(shape)
  const whole: Read<T> = (value) => {
    const { known, unknown } = read(membersOf(value))
    return unknown.length === 0 ? known : { ...known, ...Object.fromEntries(unknown) }
  }
  return Object.assign(whole, { members: Object.keys(shape) as (keyof T & string)[] })
}

type Members<T> = { readonly known: T; readonly unknown: readonly (readonly [string, unknown])[] }

const NONE: Members<never>['unknown'] = []

/** A start reads every record there is: unknown members are looked for only when there are more than were read. */
function members<T>(shape: Shape<T>): (given: Readonly<Record<string, unknown>>) => Members<T> {
  const readers = Object.entries(shape) as [string, Read<unknown>][]
  return (given) => {
    const known: Record<string, unknown> = {}
    let found = 0
    for (const [name, read] of readers) {
      const member = given[name]
      known[name] = read(member)
      if (member !== undefined) found += 1
    }
    const isWhole = Object.keys(given).length === found
    const unknown = isWhole ? NONE : Object.entries(given).filter(([name]) => !Object.hasOwn(shape, name))
    return { known: known as T, unknown }
  }
}

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
