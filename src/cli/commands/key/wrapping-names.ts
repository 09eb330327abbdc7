/** The commands of `key wrap` and `key unwrap`. */
import type { Group } from '../../spec.ts'

export const UNWRAP: Group = {
  name: 'unwrap',
  about: 'Make a key of one that was wrapped with a key in the HSM cluster',
  commands: [
    {
      name: 'aes-gcm',
      about: 'Unwrap a key with AES-GCM, with the IV beside the wrapped key',
      load: async () => (await import('./unwrap-aes-gcm.ts')).unwrapAesGcm,
    },
    {
      name: 'aes-no-pad',
      about: 'Unwrap a key with AES key wrap without padding (RFC 3394)',
      load: async () => (await import('./unwrap-aes-no-pad.ts')).unwrapAesNoPad,
    },
    {
      name: 'aes-pkcs5-pad',
      about: 'Unwrap a key with AES key wrap with PKCS #5 padding',
      load: async () => (await import('./unwrap-aes-pkcs5-pad.ts')).unwrapAesPkcs5Pad,
    },
    {
      name: 'aes-zero-pad',
      about: 'Unwrap a key with AES key wrap with zero padding (RFC 5649)',
      load: async () => (await import('./unwrap-aes-zero-pad.ts')).unwrapAesZeroPad,
    },
    {
      name: 'cloudhsm-aes-gcm',
      about: 'Unwrap a key with AES-GCM, with the IV in front of the wrapped key',
      load: async () => (await import('./unwrap-cloudhsm-aes-gcm.ts')).unwrapCloudHsmAesGcm,
    },
    {
      name: 'rsa-aes',
      about: 'Unwrap a key with an AES key that is itself under RSA-OAEP',
      load: async () => (await import('./unwrap-rsa-aes.ts')).unwrapRsaAes,
    },
    {
      name: 'rsa-oaep',
      about: 'Unwrap a key with RSA-OAEP',
      load: async () => (await import('./unwrap-rsa-oaep.ts')).unwrapRsaOaep,
    },
    {
      name: 'rsa-pkcs',
      about: 'Unwrap a key with RSA-PKCS (RSAES-PKCS1-v1_5)',
      load: async () => (await import('./unwrap-rsa-pkcs.ts')).unwrapRsaPkcs,
    },
  ],
}

export const WRAP: Group = {
  name: 'wrap',
  about: 'Encrypt a key with another key in the HSM cluster, to take it elsewhere',
  commands: [
    {
      name: 'aes-gcm',
      about: 'Wrap a key with AES-GCM, with the IV beside the wrapped key',
      load: async () => (await import('./wrap-aes-gcm.ts')).wrapAesGcm,
    },
    {
      name: 'aes-no-pad',
      about: 'Wrap a key with AES key wrap without padding (RFC 3394)',
      load: async () => (await import('./wrap-aes-no-pad.ts')).wrapAesNoPad,
    },
    {
      name: 'aes-pkcs5-pad',
      about: 'Wrap a key with AES key wrap with PKCS #5 padding',
      load: async () => (await import('./wrap-aes-pkcs5-pad.ts')).wrapAesPkcs5Pad,
    },
    {
      name: 'aes-zero-pad',
      about: 'Wrap a key with AES key wrap with zero padding (RFC 5649)',
      load: async () => (await import('./wrap-aes-zero-pad.ts')).wrapAesZeroPad,
    },
    {
      name: 'cloudhsm-aes-gcm',
      about: 'Wrap a key with AES-GCM, with the IV in front of the wrapped key',
      load: async () => (await import('./wrap-cloudhsm-aes-gcm.ts')).wrapCloudHsmAesGcm,
    },
    {
      name: 'rsa-aes',
      about: 'Wrap a key with an AES key that is itself under RSA-OAEP',
      load: async () => (await import('./wrap-rsa-aes.ts')).wrapRsaAes,
    },
    {
      name: 'rsa-oaep',
      about: 'Wrap a key with RSA-OAEP',
      load: async () => (await import('./wrap-rsa-oaep.ts')).wrapRsaOaep,
    },
    {
      name: 'rsa-pkcs',
      about: 'Wrap a key with RSA-PKCS (RSAES-PKCS1-v1_5)',
      load: async () => (await import('./wrap-rsa-pkcs.ts')).wrapRsaPkcs,
    },
  ],
}
