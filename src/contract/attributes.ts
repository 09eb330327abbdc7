import * as v from 'valibot'
import { HsmError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { shown, unfitCharacter } from './shown.ts'
import { didYouMean } from './similar.ts'
import { isWhole } from './text.ts'

/** Values of the attribute `class`. */
export const KEY_CLASSES = ['secret-key', 'public-key', 'private-key'] as const
export type KeyClass = (typeof KEY_CLASSES)[number]
/** Values of the attribute `key-type`. */
export const KEY_TYPES = ['aes', 'generic-secret', 'des3', 'rsa', 'ec', 'ml-dsa'] as const
export type KeyType = (typeof KEY_TYPES)[number]

/** Attributes that are true or false, in the order they are printed. */
export const FLAG_NAMES = [
  'encrypt',
  'decrypt',
  'token',
  'always-sensitive',
  'derive',
  'destroyable',
  'extractable',
  'local',
  'modifiable',
  'never-extractable',
  'private',
  'sensitive',
  'sign',
  'trusted',
  'unwrap',
  'verify',
  'wrap',
  'wrap-with-trusted',
] as const
export type FlagName = (typeof FLAG_NAMES)[number]
/** All flags of a key, as a record has them: in the order they are printed. */
export type Flags = Readonly<Record<FlagName, boolean>>

type ValueKind = 'flag' | 'text' | 'bytes' | 'count' | 'class' | 'key-type' | 'curve' | 'template'

const flags = Object.fromEntries(FLAG_NAMES.map((name) => [name, 'flag'])) as Record<FlagName, 'flag'>

/** Every attribute that a command may name, with the kind of its value. Hidden from Object.prototype. */
const ATTRIBUTE_KINDS: Readonly<Record<string, ValueKind>> = Object.assign(Object.create(null), flags, {
  'key-type': 'key-type',
  label: 'text',
  id: 'bytes',
  'check-value': 'bytes',
  class: 'class',
  'key-length-bytes': 'count',
  'public-exponent': 'bytes',
  modulus: 'bytes',
  'modulus-size-bits': 'count',
  'ec-point': 'bytes',
  curve: 'curve',
  'mldsa-algorithm': 'text',
  subject: 'bytes',
  'wrap-template': 'template',
  'unwrap-template': 'template',
} satisfies Record<string, ValueKind>)

/** Undefined for a name that is no attribute. */
export const attributeKind = (name: string): ValueKind | undefined => ATTRIBUTE_KINDS[name]
/** In the order in which help and errors name them. */
export const ATTRIBUTE_NAMES: readonly string[] = Object.keys(ATTRIBUTE_KINDS)

/** `0x` and an even number of lower-case hex digits; `0x` alone is the empty string of bytes. */
export function normalBytes(text: string): string | undefined {
  if (text === '') return '0x'
  const digits = /^0x((?:[0-9a-f]{2})*)$/i.exec(text)?.[1]
  return digits === undefined ? undefined : `0x${digits.toLowerCase()}`
}

/** Why the name is no attribute, and which may have been meant. */
export const unknownAttribute = (name: string): string =>
  `${shown(name)} is unknown${didYouMean(name, ATTRIBUTE_NAMES)}`

/** `true` or `false` in any letter case. */
export function parseFlag(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

/** Nothing that cannot be seen: a label is printed, logged and matched. */
const printable = v.regex(/^[^\p{Cc}]*$/u, 'label must not contain control characters')
/** The attribute `label`: text that can be printed, of at most `LIMITS.labelLength` characters. */
export const label = v.pipe(
  v.string(),
  v.maxLength(LIMITS.labelLength, `label must be at most ${LIMITS.labelLength} characters`),
  printable,
  v.check(isWhole, 'label is not Unicode text'),
  v.check(
    (text) => unfitCharacter(text) === undefined,
    ({ input }) => `label must not contain ${unfitCharacter(input)}, which cannot be seen`,
  ),
)

/** The attribute `id`: `0x` and hex digits of at most `LIMITS.idBytes` bytes, made lower case. */
export const id = v.pipe(
  v.string(),
  v.maxLength(2 + LIMITS.idBytes * 2, `id must be at most ${LIMITS.idBytes} bytes`),
  v.check((text) => normalBytes(text) !== undefined, 'id must be bytes in hex, such as 0x2f01'),
  v.transform((text) => normalBytes(text) ?? '0x'),
)

const flag = v.optional(v.boolean())
const flagEntries = Object.fromEntries(FLAG_NAMES.map((name) => [name, flag])) as Record<
  FlagName,
  typeof flag
>

/** The value of the text attribute `label` or `id` in its normal form. Throws `invalid-attribute`. */
export function checkText(name: 'label' | 'id', value: string): string {
  const result = v.safeParse(name === 'label' ? label : id, value)
  if (result.success) return result.output
  throw new HsmError('invalid-attribute', `Invalid attribute: ${result.issues[0].message}`)
}

/** DER of the subject's distinguished name in `0x` hex; kept for PKCS#11 programs, which find a certificate's key by it. */
export const subject = v.pipe(
  v.string(),
  v.maxLength(2 + LIMITS.subjectBytes * 2, `subject must be at most ${LIMITS.subjectBytes} bytes`),
  v.check((text) => normalBytes(text) !== undefined, 'subject must be bytes in hex'),
  v.transform((text) => normalBytes(text) ?? '0x'),
)

/** Attributes given when a key is made: flags, the id and the subject. Which of them are allowed is for `policy/`. */
export const newAttributes = v.strictObject({
  ...flagEntries,
  id: v.optional(id),
  subject: v.optional(subject),
})
export type NewAttributes = v.InferOutput<typeof newAttributes>

/** Attributes that a key made by unwrapping, or wrapped, must have. */
export const template = v.strictObject(flagEntries)
/** Some flags, each of which must be as it is here. */
export type Template = v.InferOutput<typeof template>

/** Value of `key.set-attribute`. */
export const attributeValue = v.union(
  [v.boolean(), v.pipe(v.string(), v.maxLength(LIMITS.filterTermLength)), template],
  'must be true or false, text, or a template of attributes that are true or false',
)
export type AttributeValue = v.InferOutput<typeof attributeValue>

/** `sign=true id=0x01` as typed words. Throws `invalid-attribute` naming the word. */
export function parseNewAttributes(words: readonly string[]): NewAttributes {
  const found: Record<string, boolean | string> = Object.create(null)
  for (const word of words) {
    const at = word.indexOf('=')
    const name = at < 0 ? word : word.slice(0, at)
    if (at < 0) throw new HsmError('invalid-attribute', `Invalid attribute: ${shown(word)} is not NAME=VALUE`)
    if (name in found)
      throw new HsmError('invalid-attribute', `Invalid attribute: ${shown(name)} is given twice`)
    found[name] = parseAttributeValue(name, [word.slice(at + 1)]) as boolean | string
  }
  return { ...found }
}

/** The typed value of an attribute from the words of a command line. Throws `invalid-attribute`. */
export function parseAttributeValue(name: string, words: readonly string[]): AttributeValue {
  const kind = attributeKind(name)
  const text = words.join(' ')
  if (kind === undefined)
    throw new HsmError('invalid-attribute', `Invalid attribute: ${unknownAttribute(name)}`)
  if (kind === 'template') return parseTemplate(words)
  if (kind !== 'flag') return text
  const value = parseFlag(text)
  if (value === undefined) {
    throw new HsmError(
      'invalid-attribute',
      `Invalid attribute: ${shown(`${name}=${text}`)} must be true or false`,
    )
  }
  return value
}

/** What takes a template away. Nothing at all does not: it may be a variable that is not set. */
const NO_TEMPLATE = 'none'

function parseTemplate(words: readonly string[]): Template {
  if (words.length === 1 && words[0] === NO_TEMPLATE) return {}
  const given = parseNewAttributes(words)
  const other = Object.keys(given).find((name) => attributeKind(name) !== 'flag')
  if (other === undefined) return given
  throw new HsmError('invalid-attribute', `Invalid attribute: ${shown(other)} cannot be part of a template`)
}
