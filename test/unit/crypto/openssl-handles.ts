/** What OpenSSL has given out through FFI and has not got back. */
import assert from 'node:assert/strict'
import { loaded } from '../../../src/crypto/openssl.ts'

const MAKERS = ['d2i_AutoPrivateKey', 'd2i_PUBKEY', 'EVP_PKEY_CTX_new', 'EVP_MAC_CTX_new'] as const
const FREERS = ['EVP_PKEY_free', 'EVP_PKEY_CTX_free', 'EVP_MAC_CTX_free'] as const

/**
 * Runs `work`, and watches what is made and freed meanwhile. Nothing is freed that is not there.
 *
 * @returns how many keys and contexts were made, and how many of them are left
 */
export function handlesOf(work: () => void): { readonly made: number; readonly left: number } {
  const functions = loaded().functions as Record<string, (...given: unknown[]) => unknown>
  const before = { ...functions }
  const there = new Set<unknown>()
  let made = 0
  for (const name of MAKERS)
    functions[name] = (...given) => {
      const handle = before[name]?.(...given)
      if (handle === 0n) return handle
      made += 1
      there.add(handle)
      return handle
    }
  for (const name of FREERS)
    functions[name] = (handle) => {
      assert.ok(handle === 0n || there.delete(handle), `${name} of what is not there`)
      return before[name]?.(handle)
    }
  try {
    work()
  } finally {
    Object.assign(functions, before)
  }
  return { made, left: there.size }
}
