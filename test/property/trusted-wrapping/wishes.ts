/** The attributes that attackers ask for, chosen by number. */
import type { FlagName, NewAttributes } from '../../../src/contract/attributes.ts'

export const pick = <T>(list: readonly T[], number: number): T => list[number % list.length] as T

const PURPOSES: readonly NewAttributes[] = [
  { wrap: true, unwrap: true },
  { wrap: true },
  { unwrap: true },
  { wrap: true, decrypt: true },
  { unwrap: true, encrypt: true },
  { encrypt: true, decrypt: true },
  { decrypt: true },
  { derive: true },
  { derive: true, sign: true },
  { sign: true },
  {},
]
/** Of unwrapping keys. With most of them keys can still be unwrapped under the policy. */
export const TEMPLATES: readonly NewAttributes[] = [
  {},
  {},
  {},
  { decrypt: true },
  { encrypt: true, decrypt: true },
  { extractable: true },
  { wrap: true },
  { sensitive: false },
]
export const DETAILS: readonly NewAttributes[] = [
  {},
  {},
  { extractable: true },
  { extractable: false },
  { sensitive: false },
  { 'wrap-with-trusted': true },
  { 'wrap-with-trusted': false },
  { extractable: true, 'wrap-with-trusted': true },
]
export const wishes = (purpose: number, detail: number): NewAttributes => ({
  sign: false,
  verify: false,
  ...pick(PURPOSES, purpose),
  ...pick(DETAILS, detail),
})

/** Of a key that is not generated: the uses that nobody names are ruled out one way or the other. */
export const incomingWishes = (purpose: number, detail: number, how: number) =>
  how % 2 === 0
    ? { attributes: wishes(purpose, detail) }
    : { attributes: { ...pick(PURPOSES, purpose), ...pick(DETAILS, detail) }, 'only-named-uses': true }

export const CHANGEABLE = [
  'encrypt',
  'decrypt',
  'wrap',
  'unwrap',
  'derive',
  'sign',
  'extractable',
  'sensitive',
  'wrap-with-trusted',
  'trusted',
] as const satisfies readonly FlagName[]
