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

const NO_WRITES: readonly Write[] = []

/** @param writes committed together, with the result */
export const allow = <R>(result: R, ...writes: readonly Write[]): Decision<R> => ({
  allow: true,
  result,
  writes: writes.length === 0 ? NO_WRITES : writes,
})

/** All of them, asked in this order: the first that refuses, or what the last one allows. */
export function all<R>(...decisions: readonly [...Decision<unknown>[], Decision<R>]): Decision<R> {
  const refused = decisions.find((decision) => !decision.allow)
  return (refused ?? decisions.at(-1)) as Decision<R>
}

/** @param why one sentence instead of the code's own text */
export const deny = (code: ErrorCode, why?: string, ...writes: readonly Write[]): Refusal => ({
  allow: false,
  code,
  ...(why !== undefined && { why }),
  writes,
})
