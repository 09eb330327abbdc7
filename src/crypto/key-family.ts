/** Keys of one family are handled alike. A key's record says which it is; its bytes must agree. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { CURVES, type Curve, ML_DSA_ALGORITHMS, type MlDsaAlgorithm } from '../contract/algorithms.ts'
import type { KeyRecord } from '../model/records.ts'

/** Of the two halves of a key pair: EC keys by their curve, ML-DSA keys by their parameter set. */
export type KeyFamily = 'rsa' | Curve | MlDsaAlgorithm

/** Undefined for secret keys. */
export function familyOf(key: Pick<KeyRecord, 'keyType' | 'ec' | 'mlDsa'>): KeyFamily | undefined {
  return key.keyType === 'rsa' ? 'rsa' : (key.ec?.curve ?? key.mlDsa?.algorithm)
}

const ML_DSA: ReadonlySet<string> = new Set(ML_DSA_ALGORITHMS)
/** Families of ML-DSA are named by their parameter set (FIPS 204 §4). */
export const isMlDsa = (family: KeyFamily): family is MlDsaAlgorithm => ML_DSA.has(family)

/** @param pkcs8 DER; read here and not kept */
export function readPrivateKey(family: KeyFamily, pkcs8: Uint8Array): KeyObject {
  return checked(family, createPrivateKey({ key: asBuffer(pkcs8), format: 'der', type: 'pkcs8' }))
}

/** @param spki DER SubjectPublicKeyInfo; read here and not kept */
export function readPublicKey(family: KeyFamily, spki: Uint8Array): KeyObject {
  return checked(family, createPublicKey({ key: asBuffer(spki), format: 'der', type: 'spki' }))
}

/** A key whose record says another family than its bytes would be used with the wrong rules. */
function checked(family: KeyFamily, key: KeyObject): KeyObject {
  const named = family in CURVES ? CURVES[family as keyof typeof CURVES].openssl : undefined
  const type = named ? 'ec' : family.toLowerCase()
  if (key.asymmetricKeyType === type && key.asymmetricKeyDetails?.namedCurve === named) return key
  throw new Error(`The key is not the ${family} key that it should be`)
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
