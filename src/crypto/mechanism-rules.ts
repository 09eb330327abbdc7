/** What a mechanism demands of the key and of the data, checked before any cryptography. */

import { DIGEST_INFO_PREFIX, HASHES, type Hash } from '../contract/algorithms.ts'
import { HsmError } from '../contract/errors.ts'
import type { Mechanism, MechanismName } from '../contract/mechanisms.ts'

/** The mechanisms of these names. */
export type Named<N extends MechanismName> = Extract<Mechanism, { name: N }>

/** SHA-512 of the message, and mu of ML-DSA. */
const PREHASH_BYTES = 64
/** The longest hash value of any function in use; ECDSA takes its leftmost bits. */
const LONGEST_HASH_BYTES = 64

/**
 * Throws `key-type` unless the mechanism is one of those.
 *
 * @param what the key is, for the message: `rsa`
 */
export function mechanismAmong<N extends MechanismName>(
  mechanism: Mechanism,
  names: readonly N[],
  what: string,
): Named<N> {
  if ((names as readonly string[]).includes(mechanism.name)) return mechanism as Named<N>
  throw new HsmError('key-type', `The mechanism ${mechanism.name} does not work with an ${what} key`)
}

/** RFC 8017 §9.1.1: emBits = modBits - 1, and emLen must hold hash, salt and two bytes more. */
export function checkPss(mechanism: Named<'rsa-pkcs-pss'>, modulusBits: number): void {
  const { hash, mgf, 'salt-length': saltLength } = mechanism
  if (mgf !== `mgf1-${hash}`) {
    throw new HsmError(
      'invalid-mechanism',
      `mgf must be mgf1-${hash}, with the same hash function as the signature`,
    )
  }
  const longest = Math.ceil((modulusBits - 1) / 8) - HASHES[hash].bytes - 2
  if (saltLength > longest) {
    throw new HsmError(
      'invalid-mechanism',
      `salt-length must be at most ${longest} with ${hash} and a modulus of ${modulusBits} bits`,
    )
  }
}

/** Throws `invalid-mechanism` when more of a MAC is asked for than there is. */
export function checkMacLength({ 'mac-length': length }: Named<'hmac' | 'aes-cmac'>, longest: number): void {
  if (length === undefined || length <= longest) return
  throw new HsmError('invalid-mechanism', `mac-length must be at most ${longest}`)
}

/** Throws `invalid-data` unless it can be a value of the hash function. */
export const checkDigest = (hash: Hash, digest: Uint8Array): void =>
  checkLength(`a ${hash} digest`, HASHES[hash].bytes, digest)

/** Throws `invalid-data` unless it can be the SHA-512 that Ed25519ph signs. */
export const checkEd25519Prehash = (digest: Uint8Array): void =>
  checkLength('a sha512 digest', PREHASH_BYTES, digest)

/** Throws `invalid-data` unless it can be the mu that ML-DSA signs. */
export const checkMu = (mu: Uint8Array): void => checkLength('a mu', PREHASH_BYTES, mu)

function checkLength(what: string, bytes: number, data: Uint8Array): void {
  if (data.length === bytes) return
  throw new HsmError('invalid-data', `data must be ${what} of ${bytes} bytes, not ${data.length}`)
}

/** Throws `invalid-data` unless it can be a value of some hash function. */
export function checkAnyDigest(digest: Uint8Array): void {
  if (digest.length >= 1 && digest.length <= LONGEST_HASH_BYTES) return
  throw new HsmError(
    'invalid-data',
    `data must be a digest of 1 to ${LONGEST_HASH_BYTES} bytes, not ${digest.length}`,
  )
}

/** Throws `invalid-data` unless it is the DER encoding of a `DigestInfo` of the hash function. */
export function checkDigestInfo(hash: Hash, digestInfo: Buffer): void {
  const prefix = Buffer.from(DIGEST_INFO_PREFIX[hash], 'hex')
  const fits = digestInfo.length === prefix.length + HASHES[hash].bytes
  if (fits && digestInfo.subarray(0, prefix.length).equals(prefix)) return
  throw new HsmError('invalid-data', `data must be the DER DigestInfo of a ${hash} digest`)
}

/** Throws `invalid-data` when it does not fit into so many bytes. */
export function checkLongest(data: Uint8Array, bytes: number): void {
  if (data.length <= bytes) return
  throw new HsmError('invalid-data', `data must be at most ${bytes} bytes with this key, not ${data.length}`)
}

/** Refuses what only OpenSSL can do where `openssl.ts` cannot work. */
export const unavailable = (what: string): HsmError =>
  new HsmError('invalid-mechanism', `${what} cannot be used here: no access to OpenSSL`)
