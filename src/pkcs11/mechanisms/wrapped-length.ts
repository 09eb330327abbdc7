import { MADE_IV_BYTES } from '../../contract/mechanism-parameters.ts'
import type { Wrapping } from '../../contract/mechanisms.ts'

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
    case 'cloudhsm-aes-gcm':
      return MADE_IV_BYTES + payload + wrapping['tag-length-bits'] / 8
    case 'aes-no-pad':
      return payload + 8
    case 'aes-pkcs5-pad':
      return (Math.floor(payload / 8) + 1) * 8 + 8
    case 'aes-zero-pad':
      return zeroPadded(payload)
    case 'rsa-aes':
      return modulus + zeroPadded(payload)
    case 'rsa-oaep':
    case 'rsa-pkcs':
      return modulus
  }
}

const zeroPadded = (payload: number): number => Math.ceil(payload / 8) * 8 + 8
