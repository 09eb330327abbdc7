/** Private keys ready to sign and public keys ready to verify, whatever their family. */
import type { KeyObject } from 'node:crypto'
import { ecdsaSigner, ecdsaVerifier } from './ecdsa.ts'
import { ed25519Signer, ed25519Verifier } from './eddsa.ts'
import { isMlDsa, type KeyFamily } from './key-family.ts'
import { mlDsaSigner, mlDsaVerifier } from './ml-dsa.ts'
import { type NativeKey, nativeKey } from './openssl-signatures.ts'
import { rsaSigner, rsaVerifier } from './rsa.ts'
import type { Signer, SigningKey, Verifier, VerifyingKey } from './signing-keys.ts'
import { messageStream } from './signing-stream.ts'

/** @param key of that family, as `key-family.ts` reads it */
export function openSigningKey(family: KeyFamily, key: KeyObject): SigningKey {
  const native = nativeKey(key)
  const opened = signerOf(family, key, native)
  let signer: Signer | undefined = opened
  return {
    sign(mechanism, data) {
      if (!signer) throw new Error('The key is closed')
      return signer.sign(mechanism, data)
    },
    begin(mechanism) {
      opened.check(mechanism)
      return messageStream(mechanism)
    },
    close() {
      signer = undefined
      native.close()
    },
  }
}

/**
 * @param key of that family, as `key-family.ts` reads it
 * @param spki the same as DER SubjectPublicKeyInfo; kept, so it must not change
 */
export function openVerifyingKey(family: KeyFamily, key: KeyObject, spki: Uint8Array): VerifyingKey {
  const verifier = verifierOf(family, key, spki)
  return {
    verify: verifier.verify,
    begin(mechanism) {
      verifier.check(mechanism)
      return messageStream(mechanism)
    },
  }
}

function signerOf(family: KeyFamily, key: KeyObject, native: NativeKey): Signer {
  if (family === 'rsa') return rsaSigner(key, native)
  if (family === 'ed25519') return ed25519Signer(key, native)
  return isMlDsa(family) ? mlDsaSigner(key, family, native) : ecdsaSigner(key, family, native)
}

function verifierOf(family: KeyFamily, key: KeyObject, spki: Uint8Array): Verifier {
  if (family === 'rsa') return rsaVerifier(key, spki)
  if (family === 'ed25519') return ed25519Verifier(key, spki)
  return isMlDsa(family) ? mlDsaVerifier(key, family, spki) : ecdsaVerifier(key, family, spki)
}
