import type { ErrorCode } from '../contract/errors.ts'
import type { Write } from '../model/records.ts'

/**
 * What a rule concludes. Whoever asked carries it out: the writes are committed, with an audit entry, together or not
 * at all. A refusal can ask for writes too (a wrong password is counted).
 */
export type Decision<R> =
  | { readonly allow: true; readonly result: R; readonly writes: readonly Write[] }
  | {
      readonly allow: false
      readonly code: ErrorCode
      readonly why?: string
      readonly writes: readonly Write[]
    }

export type Refusal = Extract<Decision<never>, { allow: false }>

export const allow = <R>(result: R, ...writes: readonly Write[]): Decision<R> => ({
  allow: true,
  result,
  writes,
})

/** @param why one sentence instead of the code's own text */
export const deny = (code: ErrorCode, why?: string, ...writes: readonly Write[]): Refusal => ({
  allow: false,
  code,
  ...(why !== undefined && { why }),
  writes,
})
