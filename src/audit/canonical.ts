/** The text that is hashed or signed of an object: every member by its name, so that none can be put in, taken out or renamed. */
import { hash } from 'node:crypto'

export const FIRST_PREVIOUS = '0'.repeat(64)

/**
 * JSON of the members as pairs of name and value, in the order of the names' UTF-16 code units, without spaces. What is inside a
 * value stays as it is.
 *
 * @param without the member that is the hash or signature itself
 */
export const canonicalText = (
  object: Readonly<Record<string, unknown>>,
  without: 'hash' | 'signature',
): string => JSON.stringify(members(object, without))

/** Members that have a value, sorted by name in the order of UTF-16 code units. */
export const members = (
  object: Readonly<Record<string, unknown>>,
  without: 'hash' | 'signature',
): readonly (readonly [name: string, value: unknown])[] =>
  Object.entries(object)
    .filter(([name, value]) => name !== without && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** SHA-256 of the UTF-8 bytes, hex. */
export const hashOfText = (text: string): string => hash('sha256', text, 'hex')
