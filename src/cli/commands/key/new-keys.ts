/** The commands of `key generate-symmetric`, `key generate-asymmetric-pair` and `key import`. */
import type { CurveName, MlDsaAlgorithm } from '../../../contract/algorithms.ts'
import { parseNewAttributes } from '../../../contract/attributes.ts'
import { HsmError } from '../../../contract/errors.ts'
import { command, type Rows } from '../../spec.ts'
import { readSmall } from '../files.ts'
import { keyPairOptions, keyPairRequest, newKeyOptions, newKeyRequest, secretKeyOptions } from './new-key.ts'
import { PEM_BYTES, type PublicClass, readPublicPem } from './public-pem.ts'

const AES_LENGTHS = [16, 24, 32] as const

export const GENERATE_SYMMETRIC: Rows = [
  command({
    name: 'aes',
    about: 'Generate an AES key in the HSM cluster',
    options: secretKeyOptions,
    operation: 'key.generate-symmetric',
    request(args) {
      const length = AES_LENGTHS.find((bytes) => bytes === args['key-length-bytes'])
      if (length === undefined) {
        throw new HsmError('invalid-request', 'key-length-bytes must be 16, 24 or 32')
      }
      return { 'key-type': 'aes', 'key-length-bytes': length, ...newKeyRequest(args) }
    },
  }),
  command({
    name: 'generic-secret',
    about: 'Generate a generic secret in the HSM cluster',
    options: secretKeyOptions,
    operation: 'key.generate-symmetric',
    request: (args) => ({
      'key-type': 'generic-secret',
      'key-length-bytes': args['key-length-bytes'],
      ...newKeyRequest(args),
    }),
  }),
]

const curve = {
  value: 'CURVE',
  required: true,
  help: 'The elliptic curve of the key pair',
  choices: {
    prime256v1: '',
    secp256r1: '',
    secp224r1: '',
    secp384r1: '',
    secp256k1: '',
    secp521r1: '',
    ed25519: '',
  } satisfies Record<CurveName, ''>,
} as const

const mlDsaAlgorithm = {
  value: 'MLDSA_ALGORITHM',
  required: true,
  help: 'The parameter set of the key pair',
  choices: { 'ML-DSA-44': '', 'ML-DSA-65': '', 'ML-DSA-87': '' } satisfies Record<MlDsaAlgorithm, ''>,
} as const

const rsaOptions = {
  'modulus-size-bits': {
    value: 'MODULUS_SIZE_BITS',
    count: true,
    required: true,
    help: 'The size of the modulus in bits',
  },
  'public-exponent': {
    value: 'PUBLIC_EXPONENT',
    count: true,
    required: true,
    help: 'The public exponent, such as 65537',
  },
} as const

export const GENERATE_PAIR: Rows = [
  command({
    name: 'ec',
    about: 'Generate an EC key pair in the HSM cluster',
    options: { ...keyPairOptions, curve },
    operation: 'key.generate-pair',
    request: (args) => ({ 'key-type': 'ec', curve: args.curve, ...keyPairRequest(args) }),
  }),
  command({
    name: 'ml-dsa',
    about: 'Generate an ML-DSA key pair in the HSM cluster',
    options: { ...keyPairOptions, 'mldsa-algorithm': mlDsaAlgorithm },
    operation: 'key.generate-pair',
    request: (args) => ({
      'key-type': 'ml-dsa',
      'mldsa-algorithm': args['mldsa-algorithm'],
      ...keyPairRequest(args),
    }),
  }),
  command({
    name: 'rsa',
    about: 'Generate an RSA key pair in the HSM cluster',
    options: { ...keyPairOptions, ...rsaOptions },
    operation: 'key.generate-pair',
    request: (args) => ({
      'key-type': 'rsa',
      'modulus-size-bits': args['modulus-size-bits'],
      'public-exponent': args['public-exponent'],
      ...keyPairRequest(args),
    }),
  }),
]

export const IMPORT: Rows = [
  command({
    name: 'pem',
    about: 'Import a public key from a PEM file',
    options: {
      path: { value: 'PATH', required: true, help: 'Path of the PEM file with the public key' },
      label: newKeyOptions.label,
      'key-type-class': {
        value: 'KEY_TYPE_CLASS',
        required: true,
        help: 'The type and class of the key',
        choices: { 'ec-public': '', 'rsa-public': '' } satisfies Record<PublicClass, ''>,
      },
      attributes: newKeyOptions.attributes,
    },
    operation: 'key.import',
    async request({ path, label, 'key-type-class': name, attributes = [] }) {
      const spki = readPublicPem(await readSmall('--path', path, PEM_BYTES), name, path)
      return {
        'key-type-class': name,
        material: spki,
        label,
        attributes: parseNewAttributes(attributes),
      }
    },
    output: ({ key }) => ({ key, message: 'Successfully imported key' }),
  }),
]
