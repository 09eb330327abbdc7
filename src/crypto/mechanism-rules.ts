/** What a mechanism demands of the key and of the data, checked before any cryptography. */
import { HsmError } from '../contract/errors.ts'
import {
  DIGEST_INFO_PREFIX,
  HASHES,
  type Hash,
  MECHANISM_KEY_TYPE,
  type Mechanism,
} from '../contract/mechanisms.ts'

type EcdsaMechanism = Extract<Mechanism, { name: 'ecdsa' }>
export type RsaMechanism = Exclude<Mechanism, EcdsaMechanism>
type PssMechanism = Extract<Mechanism, { name: 'rsa-pkcs-pss' }>

/** Throws `key-type` unless the mechanism is one for EC keys. */
export function ecdsaMechanism(mechanism: Mechanism): EcdsaMechanism {
  if (mechanism.name === 'ecdsa') return mechanism
  throw wrongKeyType(mechanism, 'ec')
}

/**
 * Throws `key-type` unless the mechanism is one for RSA keys, `invalid-mechanism` when its parameters fit neither each
 * other nor the modulus.
 */
export function rsaMechanism(mechanism: Mechanism, modulusBits: number): RsaMechanism {
  if (mechanism.name === 'ecdsa') throw wrongKeyType(mechanism, 'rsa')
  if (mechanism.name === 'rsa-pkcs-pss') checkPss(mechanism, modulusBits)
  return mechanism
}

function wrongKeyType({ name }: Mechanism, keyType: 'ec' | 'rsa'): HsmError {
  return new HsmError(
    'key-type',
    `The mechanism ${name} needs a key of type ${MECHANISM_KEY_TYPE[name]}, not ${keyType}`,
  )
}

/** RFC 8017 §9.1.1: emBits = modBits - 1, and emLen must hold hash, salt and two bytes more. */
function checkPss(mechanism: PssMechanism, modulusBits: number): void {
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

/** Throws `invalid-data` unless it can be a value of the hash function. */
export function checkDigest(hash: Hash, digest: Uint8Array): void {
  const { bytes } = HASHES[hash]
  if (digest.length !== bytes) {
    throw new HsmError(
      'invalid-data',
      `data must be a ${hash} digest of ${bytes} bytes, not ${digest.length}`,
    )
  }
}

/** Throws `invalid-data` unless it is the DER encoding of a `DigestInfo` of the hash function. */
export function checkDigestInfo(hash: Hash, digestInfo: Buffer): void {
  const prefix = Buffer.from(DIGEST_INFO_PREFIX[hash], 'hex')
  const fits = digestInfo.length === prefix.length + HASHES[hash].bytes
  if (fits && digestInfo.subarray(0, prefix.length).equals(prefix)) return
  throw new HsmError('invalid-data', `data must be the DER DigestInfo of a ${hash} digest`)
}
