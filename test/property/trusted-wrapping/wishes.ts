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
