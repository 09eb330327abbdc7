/** The mechanisms of `crypto sign` and `crypto verify`: their options, and the message that these make of the data. */
import { LIMITS } from '../../../contract/limits.ts'
import type { Args, ArgValues, Options } from '../../spec.ts'
import {
  dataOptions,
  hashedSomewhere,
  type Mechanism,
  type PreparedMessage,
  sentAsTheyAre,
  sentWhole,
} from '../data.ts'
import { hashFunction, mgf } from '../options.ts'

/** Of mechanisms with a choice of hash functions. */
const hashing = {
  'hash-function': hashFunction,
  ...dataOptions,
  'data-type': {
    value: 'DATA_TYPE',
    help: 'What the data is: raw to have it hashed, or digest if it is hashed already; for rsa-pkcs a digest is the DER of the DigestInfo',
    fallback: 'raw',
    choices: { raw: '', digest: '' },
  },
} as const satisfies Options

const pssOptions = {
  mgf,
  'salt-length': {
    value: 'SALT_LENGTH',
    count: true,
    required: true,
    help: 'The length of the salt in bytes',
  },
} as const satisfies Options

const ed25519phOptions = {
  'hash-function': {
    value: 'HASH_FUNCTION',
    required: true,
    help: 'The hash function to apply to the data',
    choices: { sha512: '' },
  },
  ...dataOptions,
  'data-type': {
    value: 'DATA_TYPE',
    required: true,
    help: 'What the data is: raw to have it hashed, or digest if it is hashed already',
    choices: { raw: '', digest: '' },
  },
} as const satisfies Options

const mlDsaOptions = {
  'hash-function': {
    value: 'HASH_FUNCTION',
    required: true,
    help: 'The hash function of ML-DSA',
    choices: { shake256: '' },
  },
  ...dataOptions,
  'data-type': {
    value: 'DATA_TYPE',
    required: true,
    help: 'What the data is: raw, or external-mu if it is the 64 bytes of mu already',
    choices: { raw: '', 'external-mu': '' },
  },
} as const satisfies Options

/** As the mechanisms with `hashing` have it. */
const hashed = (
  args: Args<typeof hashing>,
  mechanismOf: (input: 'raw' | 'digest') => Mechanism,
): Promise<PreparedMessage> =>
  args['data-type'] === 'digest'
    ? sentWhole(args, mechanismOf('digest'))
    : hashedSomewhere(args, args['hash-function'], mechanismOf)

const pssMechanism =
  (args: Args<typeof hashing & typeof pssOptions>) =>
  (input: 'raw' | 'digest'): Mechanism => {
    const { mgf, 'hash-function': hash, 'salt-length': saltLength } = args
    return { name: 'rsa-pkcs-pss', hash, input, mgf, 'salt-length': saltLength }
  }

const ed25519phMessage = (args: Args<typeof ed25519phOptions>): Promise<PreparedMessage> =>
  args['data-type'] === 'digest'
    ? sentWhole(args, { name: 'ed25519ph', input: 'digest' })
    : hashedSomewhere(args, 'sha512', (input) => ({ name: 'ed25519ph', input }))

const mlDsaMessage = async (args: Args<typeof mlDsaOptions>): Promise<PreparedMessage> =>
  args['data-type'] === 'raw'
    ? sentAsTheyAre(args, { name: 'ml-dsa', input: 'raw' })
    : sentWhole(args, { name: 'ml-dsa', input: 'external-mu' })

export const ecdsaFormat = {
  format: {
    value: 'FORMAT',
    extension: true,
    help: 'How the signature is written: raw for r and s of fixed width, or der for OpenSSL and X.509',
    fallback: 'raw',
    choices: { raw: '', der: '' },
  },
} as const satisfies Options

export type SigningMechanism = {
  readonly name: string
  /** As help calls it. */
  readonly title: string
  readonly options: Options
  /** Options that stand behind the signature in the help. */
  readonly more?: Options
  readonly message: (args: ArgValues) => Promise<PreparedMessage> | PreparedMessage
}

function row<const S extends Options, const M extends Options = Record<never, never>>(
  mechanism: Omit<SigningMechanism, 'message'> & {
    readonly options: S
    readonly more?: M
    message(args: Args<S> & Args<M>): Promise<PreparedMessage> | PreparedMessage
  },
): SigningMechanism {
  // The parser hands over exactly what the options promise.
  return { ...mechanism, message: mechanism.message as SigningMechanism['message'] }
}

export const SIGNING_MECHANISMS: readonly SigningMechanism[] = [
  row({
    name: 'ecdsa',
    title: 'the ECDSA mechanism',
    options: hashing,
    more: ecdsaFormat,
    message: (args) => hashed(args, (input) => ({ name: 'ecdsa', hash: args['hash-function'], input })),
  }),
  row({
    name: 'ed25519',
    title: 'the Ed25519 mechanism',
    options: dataOptions,
    message: (args) => sentWhole(args, { name: 'ed25519' }, LIMITS.ed25519Bytes),
  }),
  row({
    name: 'ed25519ph',
    title: 'the Ed25519ph mechanism',
    options: ed25519phOptions,
    message: ed25519phMessage,
  }),
  row({ name: 'ml-dsa', title: 'the ML-DSA mechanism', options: mlDsaOptions, message: mlDsaMessage }),
  row({
    name: 'rsa-pkcs',
    title: 'the RSA-PKCS mechanism (RSASSA-PKCS1-v1_5)',
    options: hashing,
    message: (args) => hashed(args, (input) => ({ name: 'rsa-pkcs', hash: args['hash-function'], input })),
  }),
  row({
    name: 'rsa-pkcs-pss',
    title: 'the RSA-PKCS-PSS mechanism (RSASSA-PSS)',
    options: hashing,
    more: pssOptions,
    message: (args) => hashed(args, pssMechanism(args)),
  }),
]
