/** What a command line comes to: the text, where it goes, and the exit status. */
import { ERRORS, HsmError } from '../contract/errors.ts'
import type { ArgValues, Turn } from './spec.ts'

export type Output = {
  readonly text: string
  /** 0 success, 1 failure, 2 wrong usage. */
  readonly exit: number
  readonly stream: 'stdout' | 'stderr'
  /** What the program is to do next. */
  readonly next?: { readonly turn: Turn['turn']; readonly args: ArgValues }
}

export const printed = (text: string): Output => ({ text, exit: 0, stream: 'stdout' })

export const wrongUsage = (text: string): Output => ({ text, exit: 2, stream: 'stderr' })

/** @param data members in the order in which they are printed */
export function success(data: string | object): Output {
  return printed(envelope(0, data))
}

export function failure(error: unknown): Output {
  const known =
    error instanceof HsmError ? error : new HsmError('internal', `Unexpected error: ${String(error)}`)
  return { text: envelope(1, known.message), exit: ERRORS[known.code].exit, stream: 'stdout' }
}

const envelope = (error_code: 0 | 1, data: string | object): string =>
  `${JSON.stringify({ error_code, data }, null, 2)}\n`
