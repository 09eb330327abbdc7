/** What the commands of `crypto sign` and `crypto verify` share. */

import { CURVES, type WeierstrassCurve } from '../../../contract/algorithms.ts'
import { readDer, toDer } from '../../../contract/ecdsa-signature.ts'
import { HsmError } from '../../../contract/errors.ts'
import type { KeyObject } from '../../../contract/key-object.ts'
import { LIMITS } from '../../../contract/limits.ts'
import type { Args, Context, Data, Options } from '../../spec.ts'
import {
  dataOptions,
  hashedSomewhere,
  type Mechanism,
  type Message,
  sentAsTheyAre,
  sentWhole,
} from '../data.ts'
import { fromBase64, isBase64 } from '../encodings.ts'
import { readSmall, saveOutput } from '../files.ts'
import { hashFunction, keyToUse, mgf } from '../options.ts'
import { signMessage, verifyMessage } from './signature-calls.ts'

/** Of mechanisms with a choice of hash functions. */
export const hashing = {
  'hash-function': hashFunction,
  ...dataOptions,
  'data-type': {
    value: 'DATA_TYPE',
    help: 'What the data is: raw to have it hashed, or digest if it is hashed already; for rsa-pkcs a digest is the DER of the DigestInfo',
    fallback: 'raw',
    choices: { raw: '', digest: '' },
  },
} as const satisfies Options

export const signingKey = { 'key-filter': keyToUse('signing') } as const satisfies Options
export const verificationKey = { 'key-filter': keyToUse('verification') } as const satisfies Options

export const signatureFile = {
  'signature-path': {
    value: 'SIGNATURE_PATH',
    extension: true,
    writes: true,
    help: 'Path of a file to write the signature to, as bytes, instead of printing it; - for standard output',
  },
} as const satisfies Options

export const signature = {
  'signature-path': {
    value: 'SIGNATURE_PATH',
    group: 'signature',
    help: 'Path of the file with the signature, as bytes or in base64',
  },
  signature: { value: 'SIGNATURE', group: 'signature', help: 'The signature in base64' },
} as const satisfies Options

export const ecdsaFormat = {
  format: {
    value: 'FORMAT',
    extension: true,
    help: 'How the signature is written: raw for r and s of fixed width, or der as OpenSSL and X.509 have it',
    fallback: 'raw',
    choices: { raw: '', der: '' },
  },
} as const satisfies Options

export const pssOptions = {
  mgf,
  'salt-length': {
    value: 'SALT_LENGTH',
    count: true,
    required: true,
    help: 'The length of the salt in bytes',
  },
} as const satisfies Options

export const ed25519phOptions = {
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

export const mlDsaOptions = {
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
export const hashed = (
  args: Args<typeof hashing>,
  mechanismOf: (input: 'raw' | 'digest') => Mechanism,
): Promise<Message> =>
  args['data-type'] === 'digest'
    ? sentWhole(args, mechanismOf('digest'))
    : hashedSomewhere(args, args['hash-function'], mechanismOf)

export const pssMechanism =
  (args: Args<typeof hashing & typeof pssOptions>) =>
  (input: 'raw' | 'digest'): Mechanism => {
    const { mgf, 'hash-function': hash, 'salt-length': saltLength } = args
    return { name: 'rsa-pkcs-pss', hash, input, mgf, 'salt-length': saltLength }
  }

export const ed25519phMessage = (args: Args<typeof ed25519phOptions>): Promise<Message> =>
  args['data-type'] === 'digest'
    ? sentWhole(args, { name: 'ed25519ph', input: 'digest' })
    : hashedSomewhere(args, 'sha512', (input) => ({ name: 'ed25519ph', input }))

export const mlDsaMessage = async (args: Args<typeof mlDsaOptions>): Promise<Message> =>
  args['data-type'] === 'raw'
    ? sentAsTheyAre(args, { name: 'ml-dsa', input: 'raw' })
    : sentWhole(args, { name: 'ml-dsa', input: 'external-mu' })

type SignArgs = Args<typeof signingKey & typeof signatureFile> & Partial<Args<typeof ecdsaFormat>>
type VerifyArgs = Args<typeof verificationKey & typeof signature> & Partial<Args<typeof ecdsaFormat>>

export async function sign(args: SignArgs, context: Context, message: Message): Promise<Data> {
  const { reference, signature } = await signMessage(context.call, args['key-filter'], message)
  const bytes = Buffer.from(signature, 'base64')
  const written = args.format === 'der' ? Buffer.from(toDer(bytes)) : bytes
  const path = args['signature-path']
  if (path === undefined) return { 'key-reference': reference, signature: written.toString('base64') }
  await saveOutput({ option: '--signature-path', path, audience: 'public' }, written, context)
  return { 'key-reference': reference }
}

/** @param prepare reads the data, after the signature */
export async function verify(
  args: VerifyArgs,
  { call }: Context,
  prepare: () => Promise<Message>,
): Promise<Data> {
  const given = await readSignature('signature', args['signature-path'], args.signature)
  const raw = args.format === 'der' ? await rawOf(given, args['key-filter'], call) : given
  const valid =
    raw &&
    (await verifyMessage(call, args['key-filter'], await prepare(), Buffer.from(raw).toString('base64')))
  if (!valid) throw new HsmError('signature-invalid')
  return { message: 'Signature verified successfully' }
}

/** Undefined for what is no signature in DER by such a key; without the one key, the HSM is to say so. */
async function rawOf(der: Buffer, filter: string[], call: Context['call']): Promise<Uint8Array | undefined> {
  const { matched_keys: keys } = await call('key.list', { filter, verbose: true, 'max-items': 2 })
  const [key, ...others] = keys as readonly KeyObject[]
  const width = others.length === 0 ? widthOn(key?.attributes['curve']) : undefined
  return width === undefined ? der : readDer(der, width)
}

const widthOn = (curve: unknown): number | undefined =>
  typeof curve === 'string' && Object.hasOwn(CURVES, curve)
    ? CURVES[curve as WeierstrassCurve].fieldBytes
    : undefined

/**
 * @param option that gave it in base64; `path`, of a file, is of the option with `-path` behind
 * @throws HsmError `invalid-data`
 */
export async function readSignature(
  option: 'signature' | 'mac',
  path: string | undefined,
  text: string | undefined,
): Promise<Buffer> {
  if (path === undefined) return fromBase64(`--${option}`, text ?? '')
  const bytes = await readSmall(`--${option}-path`, path, LIMITS.signatureBytes * 2)
  // Bytes of a signature that happen to be all base64 do not occur.
  const inside = bytes.toString('latin1').replace(/\s/g, '')
  return isBase64(inside) && inside !== '' ? Buffer.from(inside, 'base64') : bytes
}
