/** The commands of `key`. */
import type { Group } from '../../spec.ts'
import { UNWRAP, WRAP } from './wrapping-names.ts'

const SYMMETRIC: Group = {
  name: 'generate-symmetric',
  about: 'Generate a symmetric key in the HSM cluster',
  commands: [
    {
      name: 'aes',
      about: 'Generate an AES key in the HSM cluster',
      load: async () => (await import('./generate-aes.ts')).generateAes,
    },
    {
      name: 'generic-secret',
      about: 'Generate a generic secret in the HSM cluster',
      load: async () => (await import('./generate-generic-secret.ts')).generateGenericSecret,
    },
  ],
}

const PAIR: Group = {
  name: 'generate-asymmetric-pair',
  about: 'Generate an asymmetric key pair in the HSM cluster',
  commands: [
    {
      name: 'ec',
      about: 'Generate an EC key pair in the HSM cluster',
      load: async () => (await import('./generate-ec.ts')).generateEc,
    },
    {
      name: 'ml-dsa',
      about: 'Generate an ML-DSA key pair in the HSM cluster',
      load: async () => (await import('./generate-ml-dsa.ts')).generateMlDsa,
    },
    {
      name: 'rsa',
      about: 'Generate an RSA key pair in the HSM cluster',
      load: async () => (await import('./generate-rsa.ts')).generateRsa,
    },
  ],
}

const IMPORT: Group = {
  name: 'import',
  about: 'Import a key into the HSM cluster',
  commands: [
    {
      name: 'pem',
      about: 'Import a public key from a PEM file',
      load: async () => (await import('./import-pem.ts')).importPem,
    },
  ],
}

export const KEY: Group = {
  name: 'key',
  about: 'Manage keys in the HSM cluster',
  commands: [
    {
      name: 'delete',
      about: 'Delete a key from the HSM cluster',
      load: async () => (await import('./delete.ts')).deleteKey,
    },
    {
      name: 'describe',
      about: 'Show a key of the HSM cluster, who can do what with it, and why',
      extension: true,
      load: async () => (await import('./describe.ts')).describeKey,
    },
    {
      name: 'generate-file',
      about: 'Write a public key, or a reference to a private key, of the HSM cluster to a file',
      load: async () => (await import('./generate-file.ts')).generateFile,
    },
    PAIR,
    SYMMETRIC,
    IMPORT,
    {
      name: 'list',
      about: 'List the keys you own, the keys shared with you, and the public keys of the HSM cluster',
      load: async () => (await import('./list.ts')).listKeys,
    },
    {
      name: 'replicate',
      about: 'Replicate a key from a source to a destination cluster',
      load: async () => (await import('./replicate.ts')).replicateKey,
    },
    {
      name: 'set-attribute',
      about: 'Set an attribute of a key in the HSM cluster',
      load: async () => (await import('./set-attribute.ts')).setAttribute,
    },
    {
      name: 'share',
      about: 'Share a key in the HSM cluster with another user',
      load: async () => (await import('./share.ts')).shareKey,
    },
    {
      name: 'unshare',
      about: 'Unshare a key in the HSM cluster with another user',
      load: async () => (await import('./unshare.ts')).unshareKey,
    },
    UNWRAP,
    WRAP,
  ],
}
