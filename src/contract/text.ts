/**
 * Text from outside. Bytes that are not UTF-8 are refused: decoded all the same, different texts would become equal.
 */
import { HsmError } from './errors.ts'

/** A byte order mark is kept, as any other character. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Undefined when the bytes are not UTF-8 (RFC 3629). */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * Whether the text is what was written: decoders put U+FFFD in the place of bytes that are not UTF-8, and JSON can
 * name half of a surrogate pair.
 */
export const isWhole = (text: string): boolean => text.isWellFormed() && !text.includes('\ufffd')

/**
 * @param name of the field, option or variable that the text came in
 * @throws HsmError `invalid-request`
 */
export function checkWhole(name: string, text: string): string {
  if (isWhole(text)) return text
  throw new HsmError('invalid-request', `${name} is not UTF-8 text`)
}

/** The end of a sentence that begins with the name of a field. */
export const NO_TEXT = 'is not Unicode text: a surrogate stands alone'

/** Where in a request a text is half of a surrogate pair, as `filter.0`; undefined when none is. */
export const brokenText = (value: unknown): string | undefined => pathToBroken(value)?.join('.')

/** The path is made on the way back: hardly any request needs one. */
function pathToBroken(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : []
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  const members = value as Readonly<Record<string, unknown>>
  for (const name of Object.keys(members)) {
    const path = pathToBroken(members[name])
    if (path) return [name, ...path]
  }
  return undefined
}
