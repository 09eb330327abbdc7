/** The CKR value that a PKCS#11 function returns for an error. */
import { type MaybePromise, orElse } from '../base/maybe-promise.ts'
import { ERRORS, type ErrorCode, HsmError } from '../contract/errors.ts'
import { CKR, type ReturnValue } from './cryptoki/returns.ts'

/** A function refuses: `value` is what it returns. */
export class CryptokiError extends Error {
  override readonly name = 'CryptokiError'
  readonly value: number
  /** For the log; undefined when the return value says it all. */
  readonly reason: string | undefined

  constructor(value: ReturnValue, reason?: string) {
    super(reason ?? `CKR 0x${value.toString(16)}`)
    this.value = value
    this.reason = reason
  }
}

/**
 * For expressions: `found ?? refuse(CKR.OBJECT_HANDLE_INVALID)`.
 *
 * @param reason one sentence for the log; never with a PIN, data, a label or part of a key in it
 */
export function refuse(value: ReturnValue, reason?: string): never {
  throw new CryptokiError(value, reason)
}

/** The return value of whatever was thrown; anything unforeseen is CKR_GENERAL_ERROR. */
export function returnValueOf(error: unknown): number {
  if (error instanceof CryptokiError) return error.value
  return error instanceof HsmError ? CKR[ERRORS[error.code].ckr] : CKR.GENERAL_ERROR
}

/** What some codes of the HSM mean to the function that was called, where it is not what they usually mean. */
export type Meanings = Readonly<Partial<Record<ErrorCode, ReturnValue>>>

/**
 * What an error of the HSM means in one function, where that differs from the table of `contract/errors.ts`: the
 * object that a filter did not find is the key of C_SignInit, but the object of C_DestroyObject.
 */
export const meaning = <T>(meanings: Meanings, work: () => MaybePromise<T>): MaybePromise<T> =>
  orElse(work, (error) => {
    const value = error instanceof HsmError ? meanings[error.code] : undefined
    throw value === undefined ? error : new CryptokiError(value, (error as HsmError).message)
  })
