/** RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017 §8), over data or over a digest of it. */
import { constants, type KeyObject, privateEncrypt, publicDecrypt, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { HsmError } from '../contract/errors.ts'
import type { Mechanism } from '../contract/mechanisms.ts'
import { checkDigest, checkDigestInfo, type RsaMechanism, rsaMechanism } from './mechanism-rules.ts'
import { type NativeKey, opensslAvailable, type Pss, verifyDigest } from './openssl.ts'
import { inTurn } from './turns.ts'

const signInPool = promisify(sign)
const pkcs1 = constants.RSA_PKCS1_PADDING

/** Data are hashed and signed in the thread pool; digests, for which there is none, wait for their turn. */
export function rsaSigner(key: KeyObject, native: NativeKey) {
  const bits = modulusBits(key)
  return (mechanism: Mechanism, data: Buffer): Promise<Buffer> => {
    const checked = rsaMechanism(mechanism, bits)
    if (checked.input === 'raw') return signInPool(checked.hash, data, { key, ...padding(checked) })
    checkPrehashed(checked, data)
    return checked.name === 'rsa-pkcs'
      ? inTurn(() => privateEncrypt({ key, padding: pkcs1 }, data))
      : inTurn(() => native.sign(data, pss(checked)))
  }
}

export function rsaVerifier(key: KeyObject, spki: Uint8Array) {
  const bits = modulusBits(key)
  return (mechanism: Mechanism, data: Buffer, signature: Buffer): boolean => {
    const checked = rsaMechanism(mechanism, bits)
    if (checked.input === 'digest') checkPrehashed(checked, data)
    // RFC 8017 §8.1.2 and §8.2.2, step 1; OpenSSL alone would take one without its leading zeros.
    if (signature.length !== Math.ceil(bits / 8)) return false
    if (checked.input === 'raw') return verify(checked.hash, data, { key, ...padding(checked) }, signature)
    return checked.name === 'rsa-pkcs'
      ? recovers(key, signature, data)
      : verifyDigest(spki, data, signature, pss(checked))
  }
}

/** Whether that `DigestInfo`, to the byte, is what was signed. */
function recovers(key: KeyObject, signature: Buffer, digestInfo: Buffer): boolean {
  try {
    return publicDecrypt({ key, padding: pkcs1 }, signature).equals(digestInfo)
  } catch {
    return false
  }
}

function modulusBits(key: KeyObject): number {
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits === undefined) throw new Error('The key is not an RSA key')
  return bits
}

/** node:crypto lets MGF1 use the hash of the signature. */
const padding = (mechanism: RsaMechanism) =>
  mechanism.name === 'rsa-pkcs'
    ? { padding: pkcs1 }
    : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: mechanism['salt-length'] }

const pss = (mechanism: Extract<RsaMechanism, { name: 'rsa-pkcs-pss' }>): Pss => ({
  hash: mechanism.hash,
  saltLength: mechanism['salt-length'],
})

function checkPrehashed({ name, hash }: RsaMechanism, data: Buffer): void {
  if (name === 'rsa-pkcs') checkDigestInfo(hash, data)
  else checkDigest(hash, data)
  if (name === 'rsa-pkcs-pss' && !opensslAvailable()) {
    throw new HsmError(
      'invalid-mechanism',
      'A digest cannot be used with rsa-pkcs-pss here: no access to OpenSSL',
    )
  }
}
