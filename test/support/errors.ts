import assert from 'node:assert/strict'
import { HsmError } from '../../src/contract/errors.ts'

/** For `assert.rejects`: an HsmError with that code, and that message or one that fits. */
export const fails = (code: string, message?: string | RegExp) => (error: unknown) => {
  assert.ok(error instanceof HsmError, String(error))
  assert.equal(error.code, code, error.message)
  if (typeof message === 'string') assert.equal(error.message, message)
  if (message instanceof RegExp) assert.match(error.message, message)
  return true
}
