/** Keys ready to use, and the mechanisms and data that the signing tests share. */
import { createHash } from 'node:crypto'
import {
  CURVES,
  DIGEST_INFO_PREFIX,
  HASHES,
  type Hash,
  type WeierstrassCurve,
} from '../../../src/contract/algorithms.ts'
import { type ErrorCode, HsmError } from '../../../src/contract/errors.ts'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import { isMlDsa, type KeyFamily, readPrivateKey, readPublicKey } from '../../../src/crypto/key-family.ts'
import {
  generateEcPair,
  generateMlDsaPair,
  generateRsaPair,
  type KeyPair,
} from '../../../src/crypto/key-pairs.ts'
import { openSigningKey, openVerifyingKey } from '../../../src/crypto/signing.ts'
import type { SigningKey, VerifyingKey } from '../../../src/crypto/signing-keys.ts'

export type Opened = {
  readonly signing: SigningKey
  readonly verifying: VerifyingKey
  readonly spki: Buffer
  readonly pkcs8: Buffer
}
type Input = 'raw' | 'digest'

export const CURVE_LIST = Object.keys(CURVES) as WeierstrassCurve[]
export const DATA = Buffer.from('what is to be signed')

export const ecdsa = (hash: Hash, input: Input): Mechanism => ({ name: 'ecdsa', hash, input })
export const pkcs = (hash: Hash, input: Input): Mechanism => ({ name: 'rsa-pkcs', hash, input })
export const pss = (hash: Hash, input: Input, salt: number = HASHES[hash].bytes): Mechanism => ({
  name: 'rsa-pkcs-pss',
  hash,
  input,
  mgf: `mgf1-${hash}`,
  'salt-length': salt,
})
export const digestOf = (hash: Hash): Buffer => createHash(hash).update(DATA).digest()
export const digestInfoOf = (hash: Hash): Buffer =>
  Buffer.concat([Buffer.from(DIGEST_INFO_PREFIX[hash], 'hex'), digestOf(hash)])

export const failsWith = (code: ErrorCode, text?: RegExp) => (error: unknown) =>
  error instanceof HsmError && error.code === code && (text?.test(error.message) ?? true)

/** A new key pair. */
export async function open(family: KeyFamily = 'rsa'): Promise<Opened> {
  const pair = await generate(family)
  return { signing: signingKey(family, pair.pkcs8), verifying: verifyingKey(family, pair.spki), ...pair }
}

export const signingKey = (family: KeyFamily, pkcs8: Buffer): SigningKey =>
  openSigningKey(family, readPrivateKey(family, pkcs8))

export const verifyingKey = (family: KeyFamily, spki: Buffer): VerifyingKey =>
  openVerifyingKey(family, readPublicKey(family, spki), spki)

function generate(family: KeyFamily): Promise<KeyPair> {
  if (family === 'rsa') return generateRsaPair(2048, 65_537)
  return isMlDsa(family) ? generateMlDsaPair(family) : generateEcPair(family)
}
