/** Private keys ready to sign and public keys ready to verify, whatever their family. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { CURVES, type Curve, type Mechanism } from '../contract/mechanisms.ts'
import { ecdsaSigner, ecdsaVerifier } from './ecdsa.ts'
import { nativeKey } from './openssl.ts'
import { rsaSigner, rsaVerifier } from './rsa.ts'

export type SigningKey = {
  /**
   * @param data what the mechanism's `input` says; it must not change before the signature is there
   * @returns the signature: at once where that takes less time than a way through the thread pool
   * @throws HsmError `key-type`, `invalid-mechanism` or `invalid-data`
   */
  sign(mechanism: Mechanism, data: Buffer): Buffer | Promise<Buffer>
  /** Lets go of the key. Only for when no signature is under way; to sign afterwards is an error. */
  close(): void
}

export type VerifyingKey = {
  /**
   * @returns false for every signature that is not right, be it malformed or of the wrong length
   * @throws HsmError `key-type`, `invalid-mechanism` or `invalid-data`
   */
  verify(mechanism: Mechanism, data: Buffer, signature: Buffer): boolean
}

/**
 * @param curve of an EC key, undefined for RSA
 * @param pkcs8 DER; read here and not kept
 */
export function openSigningKey(
  keyType: 'rsa' | 'ec',
  curve: Curve | undefined,
  pkcs8: Uint8Array,
): SigningKey {
  const key = createPrivateKey({ key: asBuffer(pkcs8), format: 'der', type: 'pkcs8' })
  checkFamily(key, keyType, curve)
  const native = nativeKey(key)
  let signer: SigningKey['sign'] | undefined =
    curve === undefined ? rsaSigner(key, native) : ecdsaSigner(key, curve, native)
  return {
    sign(mechanism, data) {
      if (!signer) throw new Error('The key is closed')
      return signer(mechanism, data)
    },
    close() {
      signer = undefined
      native.close()
    },
  }
}

/**
 * @param curve of an EC key, undefined for RSA
 * @param spki DER SubjectPublicKeyInfo; kept, so it must not change
 */
export function openVerifyingKey(
  keyType: 'rsa' | 'ec',
  curve: Curve | undefined,
  spki: Uint8Array,
): VerifyingKey {
  const key = createPublicKey({ key: asBuffer(spki), format: 'der', type: 'spki' })
  checkFamily(key, keyType, curve)
  return { verify: curve === undefined ? rsaVerifier(key, spki) : ecdsaVerifier(key, curve, spki) }
}

/** A key whose record says another family than its bytes would be used with the wrong rules. */
function checkFamily(key: KeyObject, keyType: 'rsa' | 'ec', curve: Curve | undefined): void {
  const named = curve && CURVES[curve].openssl
  const fits = key.asymmetricKeyType === keyType && key.asymmetricKeyDetails?.namedCurve === named
  if (!fits) throw new Error(`The key is not the ${curve ?? keyType} key that it should be`)
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
