/** What a row of the table of mechanisms says, and what is made of all rows. */
import * as v from 'valibot'
import { HASH_NAMES, type Hash } from './algorithms.ts'
import { KEY_KINDS, type KeyKind } from './key-kinds.ts'

/** `U`: what keys are used for with the mechanisms of a table. */
export type Row<U extends string> = {
  readonly keys: KeyKind | readonly KeyKind[]
  /** Schemas of the members that a request has besides `name`. */
  readonly parameters: v.ObjectEntries
  /** Parameters that rules could tell apart: `key describe` tries each. Left out, there is nothing to tell apart. */
  readonly forms?: readonly object[]
  /** What FIPS mode forbids to do with it. */
  readonly notInFips?: readonly U[]
}
/** Mechanisms by their name. */
export type Table<U extends string = string> = Readonly<Record<string, Row<U>>>

/** One form for each hash function. */
export const eachHash = <const T>(form: (hash: Hash) => T): readonly T[] => HASH_NAMES.map(form)

type Name<T> = keyof T & string

type Schema<N extends string, P extends v.ObjectEntries> = v.StrictObjectSchema<
  { readonly name: v.LiteralSchema<N, undefined> } & P,
  undefined
>
type Schemas<T extends Table> = { [N in Name<T>]: Schema<N, T[N]['parameters']> }[Name<T>]

/** The schema of a request's member that names a mechanism of the table and has its parameters. */
export function schemaOf<T extends Table>(table: T): v.VariantSchema<'name', Schemas<T>[], undefined> {
  const rows = Object.entries(table).map(([name, { parameters }]) =>
    v.strictObject({ name: v.literal(name), ...parameters }),
  )
  return v.variant('name', rows) as unknown as v.VariantSchema<'name', Schemas<T>[], undefined>
}

type FormOf<R> = R extends { readonly forms: readonly (infer F)[] } ? F : unknown
type Forms<T extends Table> = { [N in Name<T>]: { readonly name: N } & FormOf<T[N]> }[Name<T>]

/** Every mechanism of the table, in all forms that a rule could tell apart. */
export const formsOf = <T extends Table>(table: T): readonly Forms<T>[] =>
  Object.entries(table).flatMap(([name, { forms = [{}] }]) =>
    forms.map((form) => ({ name, ...form }) as unknown as Forms<T>),
  )

/** Kinds of the keys that a mechanism works with, in the order in which they are named. */
export const kindsIn = ({ keys }: Row<string>): readonly KeyKind[] => [keys].flat()

/** Of mechanisms that take one kind of key each. */
type OneKind = Readonly<Record<string, Omit<Row<string>, 'keys'> & { readonly keys: KeyKind }>>
type KeyTypes<T extends OneKind> = { readonly [N in Name<T>]: (typeof KEY_KINDS)[T[N]['keys']]['keyType'] }

/** Which keys a mechanism of the table works with. */
export const keyTypesOf = <T extends OneKind>(table: T): KeyTypes<T> =>
  Object.fromEntries(
    Object.entries(table).map(([name, { keys }]) => [name, KEY_KINDS[keys].keyType]),
  ) as KeyTypes<T>
