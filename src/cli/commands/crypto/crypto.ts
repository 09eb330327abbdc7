/** The commands of `crypto`. */
import type { Group, Rows } from '../../spec.ts'

const DECRYPT: Group = {
  name: 'decrypt',
  about: 'Decrypt data with a key in the HSM cluster',
  extension: true,
  commands: async () => (await import('./ciphers.ts')).DECRYPT,
}

const ENCRYPT: Group = {
  name: 'encrypt',
  about: 'Encrypt data with a key in the HSM cluster',
  extension: true,
  commands: async () => (await import('./ciphers.ts')).ENCRYPT,
}

const MAC: Group = {
  name: 'mac',
  about: 'Generate and verify message authentication codes with a secret key in the HSM cluster',
  extension: true,
  commands: async () => (await import('./macs.ts')).MAC,
}

const SIGN: Group = {
  name: 'sign',
  about: 'Sign data with a private key in the HSM cluster',
  commands: async () => (await import('./signatures.ts')).SIGN,
}

const VERIFY: Group = {
  name: 'verify',
  about: 'Verify a signature with a public key in the HSM cluster',
  commands: async () => (await import('./signatures.ts')).VERIFY,
}

export const CRYPTO: Rows = [DECRYPT, ENCRYPT, MAC, SIGN, VERIFY]
