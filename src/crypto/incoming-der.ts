/** The DER of keys made elsewhere. What OpenSSL throws may quote the input, and goes nowhere. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { elements } from '../base/der.ts'
import { HsmError } from '../contract/errors.ts'

/** Undefined unless `bytes` are one SubjectPublicKeyInfo or PKCS #8, to the last byte. */
export function readDer(type: 'spki' | 'pkcs8', bytes: Buffer): KeyObject | undefined {
  if (elements(bytes)?.length !== 1) return undefined
  const input = { key: bytes, format: 'der' } as const
  return attempt(() =>
    type === 'spki' ? createPublicKey({ ...input, type }) : createPrivateKey({ ...input, type }),
  )
}

/** The result, or undefined when the work throws. */
export function attempt<R>(work: () => R): R | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** `invalid-data` naming the field. */
export const bad = (field: string, rule: string): HsmError => new HsmError('invalid-data', `${field} ${rule}`)

/** Of a private key, whatever its numbers are. */
export const unfitting = (field: string): HsmError => bad(field, 'is not a key whose numbers belong together')
