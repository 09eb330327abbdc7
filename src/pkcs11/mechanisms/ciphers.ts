/** Mechanisms that encrypt and decrypt. */
import { type Cipher, isTagLength } from '../../contract/ciphers.ts'
import { CKM } from '../cryptoki/mechanism-types.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { hashOf, mgfOf } from './hashes.ts'
import { type CallerMechanism, parameterOf, withoutParameter } from './parameters.ts'

type Build = (mechanism: CallerMechanism) => Cipher

const plain =
  (cipher: Cipher): Build =>
  (given) => {
    withoutParameter(given)
    return cipher
  }

const chained =
  (name: 'aes-cbc' | 'aes-cbc-pad' | 'des3-cbc' | 'des3-cbc-pad'): Build =>
  (given) => ({ name, iv: parameterOf(given, 'iv').iv.toString('base64') })

const gcm = (given: CallerMechanism): Cipher => ({ name: 'aes-gcm', ...gcmParameters(given) })

/** `ivBits` is left 0 by many callers, so the length of the IV is what counts. */
export function gcmParameters(given: CallerMechanism) {
  const { iv, aad, tagBits } = parameterOf(given, 'gcm')
  if (!isTagLength(tagBits)) return refuse(CKR.MECHANISM_PARAM_INVALID, `A tag cannot have ${tagBits} bits`)
  return { iv: iv.toString('base64'), aad: aad.toString('base64'), 'tag-length-bits': tagBits }
}

export function oaepParameters(given: CallerMechanism) {
  const { hashAlg, mgf, source, label } = parameterOf(given, 'oaep')
  // CKZ_DATA_SPECIFIED; 0 with no label is what some callers leave there.
  if (source !== 1 && !(source === 0 && label.length === 0)) refuse(CKR.MECHANISM_PARAM_INVALID)
  return { hash: hashOf(hashAlg), mgf: mgfOf(mgf), label: label.toString('base64') }
}

function ctr(given: CallerMechanism): Cipher {
  const { counterBits, block } = parameterOf(given, 'ctr')
  return { name: 'aes-ctr', 'counter-block': block.toString('base64'), 'counter-bits': counterBits }
}

const CIPHERS: ReadonlyMap<number, Build> = new Map<number, Build>([
  [CKM.AES_ECB, plain({ name: 'aes-ecb' })],
  [CKM.AES_CBC, chained('aes-cbc')],
  [CKM.AES_CBC_PAD, chained('aes-cbc-pad')],
  [CKM.AES_CTR, ctr],
  [CKM.AES_GCM, gcm],
  [CKM.DES3_ECB, plain({ name: 'des3-ecb' })],
  [CKM.DES3_CBC, chained('des3-cbc')],
  [CKM.DES3_CBC_PAD, chained('des3-cbc-pad')],
  [CKM.RSA_PKCS, plain({ name: 'rsa-pkcs' })],
  [CKM.RSA_PKCS_OAEP, (given) => ({ name: 'rsa-oaep', ...oaepParameters(given) })],
  [CKM.RSA_X_509, plain({ name: 'rsa-x509' })],
])

/**
 * GCM takes the caller's IV, since the protocol has no way to give one back. Programs written for CloudHSM pass zeros,
 * for its HSM to write the IV there: used as it is, every message of a key would have the same key stream.
 * Throws CKR_MECHANISM_PARAM_INVALID.
 */
export function checkOwnIv(given: CallerMechanism): void {
  if (given.type !== CKM.AES_GCM) return
  const { iv } = parameterOf(given, 'gcm')
  if (iv.length === 0 || iv.some((byte) => byte !== 0)) return
  refuse(
    CKR.MECHANISM_PARAM_INVALID,
    'The IV of AES-GCM is all zeros: p11-kit cannot return one that the HSM makes, so the program must make its own',
  )
}

/** Throws CKR_MECHANISM_INVALID or _PARAM_INVALID. */
export function cipherMechanism(given: CallerMechanism, purpose: 'encrypt' | 'decrypt'): Cipher {
  if (purpose === 'encrypt') checkOwnIv(given)
  return (CIPHERS.get(given.type) ?? refuse(CKR.MECHANISM_INVALID))(given)
}
