/** Keys ready to use, and the mechanisms and data that the signing tests share. */
import { createHash } from 'node:crypto'
import { type ErrorCode, HsmError } from '../../../src/contract/errors.ts'
import {
  CURVES,
  type Curve,
  DIGEST_INFO_PREFIX,
  HASHES,
  type Hash,
  type Mechanism,
} from '../../../src/contract/mechanisms.ts'
import { generateEcPair, generateRsaPair } from '../../../src/crypto/key-pairs.ts'
import {
  openSigningKey,
  openVerifyingKey,
  type SigningKey,
  type VerifyingKey,
} from '../../../src/crypto/signing.ts'

export type Opened = {
  readonly signing: SigningKey
  readonly verifying: VerifyingKey
  readonly spki: Buffer
  readonly pkcs8: Buffer
}
type Input = Mechanism['input']

export const CURVE_LIST = Object.keys(CURVES) as Curve[]
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

/** A new key pair, of RSA-2048 where no curve is named. */
export async function open(curve?: Curve): Promise<Opened> {
  const { spki, pkcs8 } = curve ? await generateEcPair(curve) : await generateRsaPair(2048, 65_537)
  const type = curve ? 'ec' : 'rsa'
  return {
    signing: openSigningKey(type, curve, pkcs8),
    verifying: openVerifyingKey(type, curve, spki),
    spki,
    pkcs8,
  }
}
