import { HsmError } from '../../contract/errors.ts'
import type { Decision, Refusal } from '../../policy/decision.ts'

/** The result of a decision that allows. Throws the refusal otherwise. */
export function granted<R>(decision: Decision<R>): R {
  if (decision.allow) return decision.result
  throw refusalError(decision)
}

/**
 * The refusal as it is thrown.
 *
 * @returns HsmError
 */
export const refusalError = ({ code, why }: Refusal): HsmError => new HsmError(code, why)
