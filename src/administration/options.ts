/** Options that several commands of `strongroom` have, and what is done with values of several options. */
import { resolve } from 'node:path'
import { choices, type Option } from '../cli/spec.ts'
import { HsmError } from '../contract/errors.ts'
import { KEY_CERTIFICATES } from '../contract/key-certificates.ts'

export const HOME = {
  value: 'DIR',
  help: 'Directory of the HSM',
  fallback: '$STRONGROOM_HOME or ~/.strongroom',
} as const satisfies Option

export const KEY_CERTIFICATES_OPTION = {
  value: 'WHAT',
  choices: choices(KEY_CERTIFICATES),
  help: 'Certificates that PKCS#11 programs see; on-demand: also one beside each private key that has none, for Java',
  fallback: 'stored',
} as const satisfies Option

export const JSON_OUTPUT = { help: 'Print JSON' } as const satisfies Option

/** Absolute; undefined when it was left out. */
export const absolute = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : resolve(path)

/** Absolute, or `-`. */
export const pathOrDash = (text: string): string => (text === '-' ? text : resolve(text))

/** Without the members that are undefined. */
export function given<T extends object>(members: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never
}

/** `invalid-request`, naming the option at fault. */
export const wrong = (option: string, problem: string): HsmError =>
  new HsmError('invalid-request', `${option} ${problem}`)
