/** Ed25519 and Ed25519ph with an empty context (RFC 8032 §5.1). */
import { hash, type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import type { Mechanism } from '../contract/mechanisms.ts'
import { isQuickMessage } from './event-loop.ts'
import { checkEd25519Prehash, mechanismAmong, type Named, unavailable } from './mechanism-rules.ts'
import { opensslAvailable } from './openssl.ts'
import { type NativeKey, verifyDigest } from './openssl-signatures.ts'
import type { Signer, Verifier } from './signing-keys.ts'

const signInPool = promisify(sign)
/** Of a signature (RFC 8032 §5.1.6). */
export const ED25519_BYTES = 64
const PREHASHED = { name: 'ed25519ph' } as const

function check(mechanism: Mechanism): Named<'ed25519' | 'ed25519ph'> {
  const checked = mechanismAmong(mechanism, ['ed25519', 'ed25519ph'], 'ed25519')
  if (checked.name === 'ed25519ph' && !opensslAvailable()) throw unavailable('The mechanism ed25519ph')
  return checked
}

/** RFC 8032 §5.1: 64 bytes, of the whole message. */
export const ed25519Signer = (key: KeyObject, native: NativeKey): Signer => ({
  check,
  sign(mechanism, data) {
    const checked = check(mechanism)
    if (checked.name === 'ed25519ph') return native.sign(prehash(checked, data), PREHASHED)
    return isQuickMessage(data) ? sign(null, data, key) : signInPool(null, data, key)
  },
})

/** RFC 8032 §5.1.7. */
export const ed25519Verifier = (key: KeyObject, spki: Uint8Array): Verifier => ({
  check,
  verify(mechanism, data, signature) {
    const checked = check(mechanism)
    const message = checked.name === 'ed25519ph' ? prehash(checked, data) : data
    if (signature.length !== ED25519_BYTES) return false
    if (checked.name === 'ed25519ph') return verifyDigest(spki, message, signature, PREHASHED)
    return verify(null, message, key, signature)
  },
})

function prehash({ input }: Named<'ed25519ph'>, data: Buffer): Buffer {
  if (input === 'raw') return hash('sha512', data, 'buffer')
  checkEd25519Prehash(data)
  return data
}
