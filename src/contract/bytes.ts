/** Members of requests and replies that are bytes. In this process they are bytes; JSON has them in base64 (`wire-json.ts`). */
import * as v from 'valibot'
import { asBytes, type Bytes, fromBase64, isBytes } from '../base/bytes.ts'
import { UNSURE, withQuickCheck } from './quick-check.ts'

type BytesSchema = v.GenericSchema<Uint8Array | string, Bytes>

/**
 * No more than `maxBytes`, as they are or in base64 with padding (RFC 4648 §4); checked, they are bytes. Those that were given as
 * bytes are still the caller's: nobody keeps them, or writes to them.
 */
export function bytes(maxBytes: number): BytesSchema {
  const tooMany = `must be at most ${maxBytes} bytes`
  const length = v.maxLength<Uint8Array, number, string>(maxBytes, tooMany)
  const schema = orText(
    v.pipe(v.string(), v.maxLength(Math.ceil(maxBytes / 3) * 4, tooMany), v.base64('must be base64')),
    (given, config) => length['~run']({ typed: true, value: given }, config),
  )
  return withQuickCheck(schema, (value) => (isBytes(value) && value.length <= maxBytes ? value : UNSURE))
}

/** Exactly so many bytes. */
export const bytesOf = (count: number) =>
  v.pipe(
    bytes(count),
    v.check((given) => given.length === count, `must be ${count} bytes`),
  )

/**
 * Wipes what was made of base64: the members of a request that are bytes now, and were not when they were given. Parameters of
 * mechanisms are no secrets.
 */
export function wipeDecoded(checked: object, given: unknown): void {
  if (checked === given) return
  const [now, before] = [checked, given] as Readonly<Record<string, unknown>>[]
  for (const name in now) {
    const member = now[name]
    if (typeof before?.[name] === 'string' && isBytes(member)) member.fill(0)
    else if (Array.isArray(member) && isBytes(member[0])) wipeDecoded(member, before?.[name])
  }
}

/** Bytes in a reply, however many: too many for a regular expression over all of them. */
export const replyBytes: BytesSchema = orText(
  v.pipe(v.string(), v.check(isBase64, 'must be base64')),
  (value) => ({ typed: true, value }),
)

function isBase64(text: string): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return text.length % 4 === 0 && fromBase64(text).length === (text.length / 4) * 3 - padding
}

type Config = v.Config<v.BaseIssue<unknown>>
type Outcome = v.OutputDataset<unknown, v.BaseIssue<unknown>>

/** @param text a schema of texts. To whoever reads the schema this is one, too: it says what travels */
function orText(
  text: v.GenericSchema<string>,
  check: (given: Bytes, config: Config) => Outcome,
): BytesSchema {
  const run = (dataset: v.UnknownDataset, config: Config): Outcome => {
    if (dataset.value instanceof Uint8Array) return check(asBytes(dataset.value), config)
    const outcome = text['~run'](dataset, config)
    if (!outcome.typed || outcome.issues) return outcome
    return { typed: true, value: fromBase64(outcome.value) }
  }
  return { ...text, '~run': run } as unknown as BytesSchema
}
