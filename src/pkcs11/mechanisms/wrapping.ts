/** Mechanisms that wrap and unwrap keys. */
import type { Wrapping } from '../../contract/wrapping.ts'
import { CKM } from '../cryptoki/mechanism-types.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { checkOwnIv, gcmParameters, oaepParameters } from './ciphers.ts'
import { type CallerMechanism, withoutParameter } from './parameters.ts'

type Build = (mechanism: CallerMechanism) => Wrapping

const plain =
  (wrapping: Wrapping): Build =>
  (given) => {
    withoutParameter(given)
    return wrapping
  }

const WRAPPINGS: ReadonlyMap<number, Build> = new Map<number, Build>([
  [CKM.RSA_PKCS, plain({ name: 'rsa-pkcs' })],
  [CKM.RSA_PKCS_OAEP, (given) => ({ name: 'rsa-oaep', ...oaepParameters(given) })],
  [CKM.AES_GCM, (given) => ({ name: 'aes-gcm', ...gcmParameters(given) })],
  [CKM.AES_KEY_WRAP, plain({ name: 'aes-no-pad' })],
  [CKM.AES_KEY_WRAP_PAD, plain({ name: 'aes-pkcs5-pad' })],
  [CKM.AES_KEY_WRAP_KWP, plain({ name: 'aes-zero-pad' })],
])

/** Throws CKR_MECHANISM_INVALID or _PARAM_INVALID. */
export function wrappingMechanism(given: CallerMechanism, purpose: 'wrap' | 'unwrap'): Wrapping {
  if (purpose === 'wrap') checkOwnIv(given)
  return (WRAPPINGS.get(given.type) ?? refuse(CKR.MECHANISM_INVALID))(given)
}

/**
 * Length of a wrapped key.
 *
 * @param payload bytes of the key as it is wrapped: raw, or PKCS #8
 * @param modulus bytes of the wrapping key's modulus, if it is an RSA key
 */
export function wrappedLength(wrapping: Wrapping, payload: number, modulus: number): number {
  switch (wrapping.name) {
    case 'aes-gcm':
      return payload + wrapping['tag-length-bits'] / 8
    case 'aes-no-pad':
      return payload + 8
    case 'aes-pkcs5-pad':
      return (Math.floor(payload / 8) + 1) * 8 + 8
    case 'aes-zero-pad':
      return Math.ceil(payload / 8) * 8 + 8
    case 'rsa-oaep':
    case 'rsa-pkcs':
      return modulus
    // These two have parameters that the protocol does not carry.
    case 'cloudhsm-aes-gcm':
    case 'rsa-aes':
      return refuse(CKR.MECHANISM_INVALID)
  }
}
