/** From the template of a key to be made to what the HSM is asked for. */
import {
  checkText,
  type FlagName,
  type KeyClass,
  type Template as KeyTemplate,
  type NewAttributes,
} from '../../contract/attributes.ts'
import { attributeName, CKA } from '../cryptoki/objects.ts'
import { CKR, type ReturnValue } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { flagName } from './flags.ts'
import { classHas } from './key-attributes.ts'
import { bytesIn, flagIn, hexIn, type Template, textIn } from './template.ts'

/** What the HSM is asked for, of any kind of key. */
export type NewKey = {
  readonly label: string
  /** CKA_TOKEN is false or left out. */
  readonly session: boolean
  readonly attributes: NewAttributes
  /** The HSM sets these when the key is there. */
  readonly templates: KeyTemplates
}
export type KeyTemplates = Readonly<Partial<Record<'wrap-template' | 'unwrap-template', KeyTemplate>>>

/** What the templates of every new key may have besides flags and what says what kind of key it is. */
const EVERY_KEY: ReadonlySet<number> = new Set([
  CKA.CLASS,
  CKA.KEY_TYPE,
  CKA.LABEL,
  CKA.ID,
  CKA.START_DATE,
  CKA.END_DATE,
  CKA.WRAP_TEMPLATE,
  CKA.UNWRAP_TEMPLATE,
])

/** Attributes of which the HSM has only one value, and what a template with the other is told. */
const FIXED: Readonly<Record<number, { readonly value: boolean; readonly otherwise: ReturnValue }>> = {
  [CKA.COPYABLE]: { value: true, otherwise: CKR.ATTRIBUTE_VALUE_INVALID },
  [CKA.ALWAYS_AUTHENTICATE]: { value: false, otherwise: CKR.ATTRIBUTE_VALUE_INVALID },
  // As CloudHSM has it: some programs leave it out when they hear this (NSS).
  [CKA.SIGN_RECOVER]: { value: false, otherwise: CKR.TEMPLATE_INCONSISTENT },
  [CKA.VERIFY_RECOVER]: { value: false, otherwise: CKR.TEMPLATE_INCONSISTENT },
}

/** Whether the attribute has one value only, which the template has too. Throws what a template with the other is told. */
export function isFixed(template: Template, type: number): boolean {
  const fixed = FIXED[type]
  if (fixed && flagIn(template, type) !== fixed.value)
    refuse(fixed.otherwise, `${attributeName(type)} can only be ${fixed.value}`)
  return fixed !== undefined
}

/**
 * Of a key that is not generated here: it has the uses that its template names, or that of the key that unwraps it. Those of
 * generated keys are left to the HSM: secret ones sign and verify unless something else is said, pairs have no use (as with
 * CloudHSM).
 */
export const incomingKey = (...given: Parameters<typeof newKey>) => ({
  ...newKey(...given),
  'only-named-uses': true,
})

/**
 * @param parts attributes that say what key it is, which the caller reads itself
 * Throws CKR_ATTRIBUTE_TYPE_INVALID, _READ_ONLY or _VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT.
 */
export function newKey(template: Template, keyClass: KeyClass, parts: readonly number[]): NewKey {
  for (const type of template.keys()) {
    if (!parts.includes(type)) checkAttribute(template, keyClass, type)
  }
  const { token, ...flags } = givenFlags(template, keyClass)
  return {
    label: labelIn(template) ?? '',
    session: token !== true,
    attributes: { ...flags, ...namesIn(template) },
    templates: templatesIn(template),
  }
}

/** The label in its normal form; undefined when the template has none. */
export function labelIn(template: Template): string | undefined {
  const text = textIn(template, CKA.LABEL)
  return text === undefined ? undefined : checkText('label', text)
}

/** CKA_ID and CKA_SUBJECT, where they are given. */
export function namesIn(template: Template): { id?: string; subject?: string } {
  const id = hexIn(template, CKA.ID)
  const subject = hexIn(template, CKA.SUBJECT)
  return { ...(id !== undefined && { id: checkText('id', id) }), ...(subject !== undefined && { subject }) }
}

/** CKA_WRAP_TEMPLATE and CKA_UNWRAP_TEMPLATE, where they are given. They hold flags and nothing else. */
export function templatesIn(template: Template): KeyTemplates {
  const wrap = keyTemplate(template, CKA.WRAP_TEMPLATE)
  const unwrap = keyTemplate(template, CKA.UNWRAP_TEMPLATE)
  return { ...(wrap && { 'wrap-template': wrap }), ...(unwrap && { 'unwrap-template': unwrap }) }
}

function keyTemplate(template: Template, type: number): KeyTemplate | undefined {
  const inner = template.get(type)
  if (inner === undefined) return undefined
  if (!(inner instanceof Map))
    return refuse(CKR.ATTRIBUTE_VALUE_INVALID, `${attributeName(type)} is not a template`)
  const entries = [...inner.keys()].map((member: number) => {
    const name =
      flagName(member) ??
      refuse(CKR.ATTRIBUTE_VALUE_INVALID, `${attributeName(member)} cannot be part of ${attributeName(type)}`)
    return [name, flagIn(inner, member)]
  })
  return Object.fromEntries(entries) as KeyTemplate
}

/** An attribute that is not for a program to give, or that keys of the class do not have. */
export function notOf(keyClass: KeyClass, type: number): never {
  const name = attributeName(type)
  return classHas(keyClass, type)
    ? refuse(CKR.ATTRIBUTE_READ_ONLY, `${name} is not for programs to set`)
    : refuse(CKR.ATTRIBUTE_TYPE_INVALID, `A ${keyClass} has no ${name}`)
}

function checkAttribute(template: Template, keyClass: KeyClass, type: number): void {
  if (type === CKA.START_DATE || type === CKA.END_DATE) {
    if (bytesIn(template, type)?.length !== 0)
      refuse(CKR.ATTRIBUTE_VALUE_INVALID, `${attributeName(type)} can only be empty`)
    return
  }
  if (isFixed(template, type) || EVERY_KEY.has(type) || flagName(type)) return
  if (type === CKA.SUBJECT && classHas(keyClass, type)) return
  notOf(keyClass, type)
}

/** A flag that keys of the class do not have may be named only to say that it is false. */
function givenFlags(template: Template, keyClass: KeyClass): Partial<Record<FlagName, boolean>> {
  const flags: Partial<Record<FlagName, boolean>> = {}
  for (const type of template.keys()) {
    const name = flagName(type)
    if (name === undefined || isMeaningless(keyClass, name)) continue
    const value = flagIn(template, type)
    if (value !== undefined && classHas(keyClass, type)) flags[name] = value
    else if (value)
      refuse(CKR.TEMPLATE_INCONSISTENT, `${attributeName(type)} cannot be true of a ${keyClass}`)
  }
  return flags
}

/** What derives is the private key. Some callers ask for it of both (pkcs11-tool, for keys on curves). */
const isMeaningless = (keyClass: KeyClass, name: FlagName): boolean =>
  keyClass === 'public-key' && name === 'derive'
