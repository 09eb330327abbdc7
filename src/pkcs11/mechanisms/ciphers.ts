/** Mechanisms that encrypt and decrypt. */
import type { Cipher } from '../../contract/ciphers.ts'
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

/** GCM with the caller's IV: the protocol has no way to give one back. */
function gcm(given: CallerMechanism): Cipher {
  const { iv, aad, 'tag-length-bits': tagLength } = gcmParameters(given)
  return { name: 'aes-gcm', iv, aad, 'tag-length-bits': tagLength }
}

type TagLength = Extract<Cipher, { name: 'aes-gcm' }>['tag-length-bits']

/** `ivBits` is left 0 by many callers, so the length of the IV is what counts. */
export function gcmParameters(given: CallerMechanism) {
  const { iv, aad, tagBits } = parameterOf(given, 'gcm')
  return {
    iv: iv.toString('base64'),
    aad: aad.toString('base64'),
    'tag-length-bits': tagBits as TagLength,
  }
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

/** Throws CKR_MECHANISM_INVALID or _PARAM_INVALID. */
export const cipherMechanism = (given: CallerMechanism): Cipher =>
  (CIPHERS.get(given.type) ?? refuse(CKR.MECHANISM_INVALID))(given)
