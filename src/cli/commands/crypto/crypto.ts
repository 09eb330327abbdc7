/** The commands of `crypto`. */
import type { Group } from '../../spec.ts'

const SIGN: Group = {
  name: 'sign',
  about: 'Sign data with a private key in the HSM cluster',
  commands: [
    {
      name: 'ecdsa',
      about: 'Sign with the ECDSA mechanism',
      load: async () => (await import('./sign-ecdsa.ts')).signEcdsa,
    },
    {
      name: 'ed25519',
      about: 'Sign with the Ed25519 mechanism',
      load: async () => (await import('./sign-ed25519.ts')).signEd25519,
    },
    {
      name: 'ed25519ph',
      about: 'Sign with the Ed25519ph mechanism',
      load: async () => (await import('./sign-ed25519ph.ts')).signEd25519ph,
    },
    {
      name: 'ml-dsa',
      about: 'Sign with the ML-DSA mechanism',
      load: async () => (await import('./sign-ml-dsa.ts')).signMlDsa,
    },
    {
      name: 'rsa-pkcs',
      about: 'Sign with the RSA-PKCS mechanism (RSASSA-PKCS1-v1_5)',
      load: async () => (await import('./sign-rsa-pkcs.ts')).signRsaPkcs,
    },
    {
      name: 'rsa-pkcs-pss',
      about: 'Sign with the RSA-PKCS-PSS mechanism (RSASSA-PSS)',
      load: async () => (await import('./sign-rsa-pkcs-pss.ts')).signRsaPkcsPss,
    },
  ],
}

const VERIFY: Group = {
  name: 'verify',
  about: 'Verify a signature with a public key in the HSM cluster',
  commands: [
    {
      name: 'ecdsa',
      about: 'Verify with the ECDSA mechanism',
      load: async () => (await import('./verify-ecdsa.ts')).verifyEcdsa,
    },
    {
      name: 'ed25519',
      about: 'Verify with the Ed25519 mechanism',
      load: async () => (await import('./verify-ed25519.ts')).verifyEd25519,
    },
    {
      name: 'ed25519ph',
      about: 'Verify with the Ed25519ph mechanism',
      load: async () => (await import('./verify-ed25519ph.ts')).verifyEd25519ph,
    },
    {
      name: 'ml-dsa',
      about: 'Verify with the ML-DSA mechanism',
      load: async () => (await import('./verify-ml-dsa.ts')).verifyMlDsa,
    },
    {
      name: 'rsa-pkcs',
      about: 'Verify with the RSA-PKCS mechanism (RSASSA-PKCS1-v1_5)',
      load: async () => (await import('./verify-rsa-pkcs.ts')).verifyRsaPkcs,
    },
    {
      name: 'rsa-pkcs-pss',
      about: 'Verify with the RSA-PKCS-PSS mechanism (RSASSA-PSS)',
      load: async () => (await import('./verify-rsa-pkcs-pss.ts')).verifyRsaPkcsPss,
    },
  ],
}

const GENERATE_MAC: Group = {
  name: 'generate',
  about: 'Generate a MAC of data',
  commands: [
    {
      name: 'aes-cmac',
      about: 'Generate a MAC with an AES key: AES-CMAC',
      load: async () => (await import('./mac-generate-aes-cmac.ts')).generateAesCmac,
    },
    {
      name: 'hmac',
      about: 'Generate a MAC with a generic secret: HMAC',
      load: async () => (await import('./mac-generate-hmac.ts')).generateHmac,
    },
  ],
}

const VERIFY_MAC: Group = {
  name: 'verify',
  about: 'Verify a MAC of data',
  commands: [
    {
      name: 'aes-cmac',
      about: 'Verify a MAC with an AES key: AES-CMAC',
      load: async () => (await import('./mac-verify-aes-cmac.ts')).verifyAesCmac,
    },
    {
      name: 'hmac',
      about: 'Verify a MAC with a generic secret: HMAC',
      load: async () => (await import('./mac-verify-hmac.ts')).verifyHmac,
    },
  ],
}

const MAC: Group = {
  name: 'mac',
  about: 'Generate and verify message authentication codes with a secret key in the HSM cluster',
  extension: true,
  commands: [GENERATE_MAC, VERIFY_MAC],
}

const ENCRYPT: Group = {
  name: 'encrypt',
  about: 'Encrypt data with a key in the HSM cluster',
  extension: true,
  commands: [
    {
      name: 'aes-gcm',
      about: 'Encrypt with an AES key: AES-GCM',
      load: async () => (await import('./encrypt-aes-gcm.ts')).encryptAesGcm,
    },
    {
      name: 'rsa-oaep',
      about: 'Encrypt with an RSA public key: RSAES-OAEP',
      load: async () => (await import('./encrypt-rsa-oaep.ts')).encryptRsaOaep,
    },
  ],
}

const DECRYPT: Group = {
  name: 'decrypt',
  about: 'Decrypt data with a key in the HSM cluster',
  extension: true,
  commands: [
    {
      name: 'aes-gcm',
      about: 'Decrypt with an AES key: AES-GCM',
      load: async () => (await import('./decrypt-aes-gcm.ts')).decryptAesGcm,
    },
    {
      name: 'rsa-oaep',
      about: 'Decrypt with an RSA private key: RSAES-OAEP',
      load: async () => (await import('./decrypt-rsa-oaep.ts')).decryptRsaOaep,
    },
  ],
}

export const CRYPTO: Group = {
  name: 'crypto',
  about: 'Use keys of the HSM cluster',
  commands: [DECRYPT, ENCRYPT, MAC, SIGN, VERIFY],
}
