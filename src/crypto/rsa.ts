/** RSASSA-PKCS1-v1_5, RSASSA-PSS and RSASP1 (RFC 8017 §5.2 and §8), over data or over a digest of it. */
import { constants, type KeyObject, privateEncrypt, publicDecrypt, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { HsmError } from '../contract/errors.ts'
import type { Mechanism } from '../contract/mechanisms.ts'
import { queueOnEventLoop, signRsa } from './event-loop.ts'
import {
  checkDigest,
  checkDigestInfo,
  checkLongest,
  checkPss,
  mechanismAmong,
  type Named,
  unavailable,
} from './mechanism-rules.ts'
import { opensslAvailable } from './openssl.ts'
import { type NativeKey, type Scheme, verifyDigest } from './openssl-signatures.ts'
import { pkcs1Signer } from './rsa-private.ts'
import type { Signer, Verifier } from './signing-keys.ts'

type RsaMechanism = Named<'rsa-pkcs' | 'rsa-pkcs-unhashed' | 'rsa-x509' | 'rsa-pkcs-pss'>
type HashingMechanism = Named<'rsa-pkcs' | 'rsa-pkcs-pss'>

const signInPool = promisify(sign)
const PKCS1 = constants.RSA_PKCS1_PADDING
const NONE = constants.RSA_NO_PADDING
/** RFC 8017 §9.2 step 3: two bytes at the front, at least eight of 0xff, and a zero. */
const PKCS1_OVERHEAD = 11

/**
 * In the thread pool or, for a caller who is alone, on the event loop. There is no pool for PSS over a digest and for RSASP1
 * alone: these wait for their turn on the event loop.
 */
export function rsaSigner(key: KeyObject, native: NativeKey): Signer {
  const bits = modulusBits(key)
  const check = checkFor(bits)
  const signPkcs1InPool = pkcs1Signer(key)
  return {
    check,
    sign(mechanism, data) {
      const checked = check(mechanism)
      if (isRaw(checked)) {
        const { hash } = checked
        const options = { key, ...padding(checked) }
        const now = () => sign(hash, data, options)
        return signRsa({ bits, data }, now, () => signInPool(hash, data, options))
      }
      const block = prehashed(checked, data, bits)
      if (checked.name === 'rsa-pkcs-pss') return queueOnEventLoop(() => native.sign(block, pss(checked)))
      if (checked.name === 'rsa-x509') return queueOnEventLoop(() => signAlone(key, block))
      const now = () => privateEncrypt({ key, padding: PKCS1 }, block)
      return signRsa({ bits, data: block }, now, () => signPkcs1InPool(block))
    },
  }
}

/** RFC 8017 §8.1.2 and §8.2.2. */
export function rsaVerifier(key: KeyObject, spki: Uint8Array): Verifier {
  const bits = modulusBits(key)
  const check = checkFor(bits)
  return {
    check,
    verify(mechanism, data, signature) {
      const checked = check(mechanism)
      const block = isRaw(checked) ? data : prehashed(checked, data, bits)
      // RFC 8017 §8.1.2 and §8.2.2, step 1; OpenSSL alone would take one without its leading zeros.
      if (signature.length !== Math.ceil(bits / 8)) return false
      if (isRaw(checked)) return verify(checked.hash, data, { key, ...padding(checked) }, signature)
      if (checked.name === 'rsa-pkcs-pss') return verifyDigest(spki, block, signature, pss(checked))
      return recovers(key, checked.name === 'rsa-x509' ? NONE : PKCS1, signature, block)
    },
  }
}

const checkFor =
  (bits: number) =>
  (mechanism: Mechanism): RsaMechanism => {
    const names = ['rsa-pkcs', 'rsa-pkcs-unhashed', 'rsa-x509', 'rsa-pkcs-pss'] as const
    const checked = mechanismAmong(mechanism, names, 'rsa')
    if (checked.name === 'rsa-pkcs-pss') checkPss(checked, bits)
    return checked
  }

const isRaw = (mechanism: RsaMechanism): mechanism is HashingMechanism & { input: 'raw' } =>
  'input' in mechanism && mechanism.input === 'raw'

/** The bytes that padding, if any, is put around. Throws `invalid-data` if they cannot be what the mechanism says. */
function prehashed(mechanism: RsaMechanism, data: Buffer, bits: number): Buffer {
  const bytes = Math.ceil(bits / 8)
  switch (mechanism.name) {
    case 'rsa-pkcs':
      checkDigestInfo(mechanism.hash, data)
      return data
    case 'rsa-pkcs-unhashed':
      checkLongest(data, bytes - PKCS1_OVERHEAD)
      return data
    case 'rsa-x509':
      checkLongest(data, bytes)
      return Buffer.concat([Buffer.alloc(bytes - data.length), data])
    case 'rsa-pkcs-pss':
      checkDigest(mechanism.hash, data)
      if (!opensslAvailable()) throw unavailable('A digest with rsa-pkcs-pss')
      return data
  }
}

function signAlone(key: KeyObject, block: Buffer): Buffer {
  try {
    return privateEncrypt({ key, padding: NONE }, block)
  } catch (cause) {
    // The length fits, so the number itself is too large (RFC 8017 §5.2.1 step 1).
    throw new HsmError('invalid-data', 'data as a number must be smaller than the modulus', { cause })
  }
}

/** Whether that, to the byte, is what was signed. */
function recovers(key: KeyObject, padding: number, signature: Buffer, block: Buffer): boolean {
  try {
    return publicDecrypt({ key, padding }, signature).equals(block)
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
const padding = (mechanism: HashingMechanism) =>
  mechanism.name === 'rsa-pkcs'
    ? { padding: PKCS1 }
    : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: mechanism['salt-length'] }

const pss = ({ hash, 'salt-length': saltLength }: Named<'rsa-pkcs-pss'>): Scheme => ({
  name: 'pss',
  hash,
  saltLength,
})
