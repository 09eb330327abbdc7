/** A template as it was given, and safe ways to read it. */
import { fromUtf8 } from '../../contract/text.ts'
import { attributeName } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import type { Value } from './value.ts'

/** Attributes by their CKA_… number, values as they were read off the wire. */
export type Template = ReadonlyMap<number, Value | Template>

/** Throws CKR_ATTRIBUTE_VALUE_INVALID when it is there and no CK_BBOOL. */
export function flagIn(template: Template, type: number): boolean | undefined {
  const value = template.get(type)
  if (value === undefined || typeof value === 'boolean') return value
  return refuse(CKR.ATTRIBUTE_VALUE_INVALID, `${attributeName(type)} is not a CK_BBOOL`)
}

/** Throws CKR_ATTRIBUTE_VALUE_INVALID when it is there and no CK_ULONG. */
export function numberIn(template: Template, type: number): number | undefined {
  const value = template.get(type)
  if (value === undefined || typeof value === 'number') return value
  return refuse(CKR.ATTRIBUTE_VALUE_INVALID, `${attributeName(type)} is not a CK_ULONG`)
}

/** Throws CKR_ATTRIBUTE_VALUE_INVALID when it is there and no bytes. */
export function bytesIn(template: Template, type: number): Buffer | undefined {
  const value = template.get(type)
  if (value === undefined || Buffer.isBuffer(value)) return value
  return refuse(CKR.ATTRIBUTE_VALUE_INVALID, `${attributeName(type)} is not a string of bytes`)
}

/** Throws CKR_ATTRIBUTE_VALUE_INVALID when it is there and not UTF-8. */
export function textIn(template: Template, type: number): string | undefined {
  const value = bytesIn(template, type)
  if (value === undefined) return undefined
  return fromUtf8(value) ?? refuse(CKR.ATTRIBUTE_VALUE_INVALID, `${attributeName(type)} is not UTF-8`)
}

/** `0x` hex; undefined when the template does not have the attribute. */
export const hexIn = (template: Template, type: number): string | undefined => {
  const value = bytesIn(template, type)
  return value && `0x${value.toString('hex')}`
}

/** Throws CKR_TEMPLATE_INCOMPLETE for what was not given. */
export const needed = <T>(value: T | undefined, type: number): T =>
  value ?? refuse(CKR.TEMPLATE_INCOMPLETE, `${attributeName(type)} is missing`)

/** Throws CKR_TEMPLATE_INCONSISTENT when the template says something else. */
export function mustBe(template: Template, type: number, ...expected: readonly number[]): void {
  const value = numberIn(template, type)
  if (value === undefined || expected.includes(value)) return
  const only = expected.join(' or ')
  refuse(CKR.TEMPLATE_INCONSISTENT, `${attributeName(type)} is ${value} where it can only be ${only}`)
}
