/** Parses bytes from the network as a JSON object. */
import { HsmError } from '../contract/errors.ts'
import { fromUtf8 } from '../contract/text.ts'

/** Requests are flat: an object, its lists, the objects in those. */
const NESTING = 32
/** The largest request that any operation takes has less than a tenth of that. */
const VALUES = 16_384

/** @throws HsmError `invalid-request` for anything but UTF-8 text (RFC 8259 §8.1) of one JSON object */
export function decodeObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const text = decodeText(bytes)
  checkShape(text)
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('must be a JSON object')
  }
  if (couldNamePrototype(text) && namesPrototype(value)) throw malformed('has a member named __proto__')
  return value as Readonly<Record<string, unknown>>
}

function decodeText(bytes: Uint8Array): string {
  const text = fromUtf8(bytes)
  if (text === undefined) throw malformed('is not UTF-8 text')
  return text
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the body, which may hold a password.
    throw malformed('is not JSON')
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b
const CLOSE_LIST = 0x5d
const CLOSE_OBJECT = 0x7d

/** Looked at before parsing: a parser handed a million brackets or commas blocks everyone else for a tenth of a second. */
function checkShape(text: string): void {
  let depth = 0
  let values = 1
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    const deeper = depthOf(code)
    depth += deeper
    if (deeper > 0 || code === COMMA) values += 1
    if (depth > NESTING) throw malformed(`is nested more than ${NESTING} levels deep`)
    if (values > VALUES) throw malformed(`has more than ${VALUES} values`)
  }
}

/** How much deeper it is behind a character. */
function depthOf(code: number): number {
  if (code === OPEN_LIST || code === OPEN_OBJECT) return 1
  return code === CLOSE_LIST || code === CLOSE_OBJECT ? -1 : 0
}

/** Where the string that begins at `from` ends; the end of the text when it does not. */
function endOfString(text: string, from: number): number {
  const end = text.indexOf('"', from + 1)
  if (end > 0 && text.charCodeAt(end - 1) !== BACKSLASH) return end
  let at = from + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

/** Written as it is, or with escapes. */
const couldNamePrototype = (text: string): boolean => text.includes('__proto__') || text.includes('\\')

/** Such a member is an object's own after parsing, but becomes its prototype when it is copied by assignment. */
function namesPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(namesPrototype)
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(namesPrototype)
}

function malformed(problem: string): HsmError {
  return new HsmError('invalid-request', `The request body ${problem}`)
}
