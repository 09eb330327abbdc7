/** Bytes from the network to a JSON object, and nothing that only looks like one. */
import { HsmError } from '../contract/errors.ts'
import { fromUtf8 } from '../contract/text.ts'

/** Requests are flat: an object, its lists, the objects in those. */
const NESTING = 32

/** @throws HsmError `invalid-request` for anything but UTF-8 text (RFC 8259 §8.1) of one JSON object */
export function decodeObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const text = decodeText(bytes)
  if (isDeeperThan(NESTING, text)) throw malformed(`is nested more than ${NESTING} levels deep`)
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('must be a JSON object')
  }
  if (namesPrototype(value)) throw malformed('has a member named __proto__')
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
const OPENING: readonly number[] = [0x5b, 0x7b]
const CLOSING: readonly number[] = [0x5d, 0x7d]

/** Looked at before parsing: a parser handed a million brackets blocks everyone else for a tenth of a second. */
function isDeeperThan(limit: number, text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (OPENING.includes(code)) depth += 1
    else if (CLOSING.includes(code)) depth -= 1
    if (depth > limit) return true
  }
  return false
}

/** Where the string that begins at `from` ends; the end of the text when it does not. */
function endOfString(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

/** Such a member is an object's own after parsing, but becomes its prototype when it is copied by assignment. */
function namesPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(namesPrototype)
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(namesPrototype)
}

function malformed(problem: string): HsmError {
  return new HsmError('invalid-request', `The request body ${problem}`)
}
