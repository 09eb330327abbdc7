/** Members of requests and replies that are bytes. In this process they are bytes; JSON has them in base64 (`wire-json.ts`). */
import * as v from 'valibot'
import { asBytes, type Bytes, fromBase64, isBytes } from '../base/bytes.ts'
import { UNSURE, withQuickCheck } from './quick-check.ts'

type BytesSchema = v.GenericSchema<Uint8Array | string, Bytes>

/**
 * No more than `maxBytes`, as they are or in base64 with padding (RFC 4648 §4); checked, they are bytes. Those that were given as
 * bytes are still the caller's: nobody keeps them, or writes to them. What was made of base64 is wiped with the request: see
 * `checkRequest`.
 */
export const bytes = (maxBytes: number): BytesSchema => schemaOf(maxBytes, decodeToWipe)

/** The same of what is no secret, such as a parameter of a mechanism, and is kept for longer than the request is worked on. */
export const openBytes = (maxBytes: number): BytesSchema => schemaOf(maxBytes, fromBase64)

/** Exactly so many of them. */
export const openBytesOf = (count: number) =>
  v.pipe(
    openBytes(count),
    v.check((given) => given.length === count, `must be ${count} bytes`),
  )

type Decode = (text: string) => Bytes | undefined

const NO_BASE64 = 'must be base64'

function schemaOf(maxBytes: number, decode: Decode): BytesSchema {
  const tooMany = `must be at most ${maxBytes} bytes`
  const maxChars = Math.ceil(maxBytes / 3) * 4
  const length = v.maxLength<Uint8Array, number, string>(maxBytes, tooMany)
  const schema = orText(
    // What is documented is `base64`; it takes letters of other alphabets, and bits that stand for nothing.
    v.pipe(v.string(), v.maxLength(maxChars, tooMany), v.base64(NO_BASE64), v.check(isBase64, NO_BASE64)),
    decode,
    (given, config) => length['~run']({ typed: true, value: given }, config),
  )
  return withQuickCheck(schema, (value) => {
    const text = typeof value === 'string' && value.length <= maxChars ? value : undefined
    const given = text === undefined ? value : decode(text)
    return isBytes(given) && given.length <= maxBytes ? given : UNSURE
  })
}

/** What is made of base64 while a request is checked; undefined at other times. */
let toWipe: Bytes[] | undefined

function decodeToWipe(text: string): Bytes | undefined {
  const decoded = fromBase64(text)
  if (decoded) toWipe?.push(decoded)
  return decoded
}

/**
 * @param made gets what `check` makes of base64, and does not make of open bytes
 * @returns what `check` returns
 */
export function noteDecoded<R>(made: Bytes[], check: () => R): R {
  const outer = toWipe
  toWipe = made
  try {
    return check()
  } finally {
    toWipe = outer
  }
}

/** For what `noteDecoded` has noted. */
export function wipeAll(made: readonly Bytes[]): void {
  for (const bytes of made) bytes.fill(0)
}

/** Bytes in a reply, however many: too many for a regular expression over all of them. */
export const replyBytes: BytesSchema = withQuickCheck(
  orText(v.pipe(v.string(), v.check(isBase64, NO_BASE64)), fromBase64, (value) => ({ typed: true, value })),
  (value) => {
    const given = typeof value === 'string' ? fromBase64(value) : value
    return isBytes(given) ? given : UNSURE
  },
)

function isBase64(text: string): boolean {
  const decoded = fromBase64(text)
  decoded?.fill(0)
  return decoded !== undefined
}

type Config = v.Config<v.BaseIssue<unknown>>
type Outcome = v.OutputDataset<unknown, v.BaseIssue<unknown>>

/** @param text a schema of texts. To whoever reads the schema this is one, too: it says what travels */
function orText(
  text: v.GenericSchema<string>,
  decode: Decode,
  check: (given: Bytes, config: Config) => Outcome,
): BytesSchema {
  const run = (dataset: v.UnknownDataset, config: Config): Outcome => {
    if (dataset.value instanceof Uint8Array) return check(asBytes(dataset.value), config)
    const outcome = text['~run'](dataset, config)
    const decoded = outcome.typed && !outcome.issues ? decode(outcome.value) : undefined
    return decoded ? check(decoded, config) : outcome
  }
  return { ...text, '~run': run } as unknown as BytesSchema
}
