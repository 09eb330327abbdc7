/** What `crypto sign` and `crypto verify` share: the data, hashed here when it is too large to send. */
import { createHash } from 'node:crypto'
import { HsmError } from '../contract/errors.ts'
import { LIMITS } from '../contract/limits.ts'
import { DIGEST_INFO_PREFIX, type Hash, type MechanismName } from '../contract/mechanisms.ts'
import type { Request } from '../contract/operations.ts'
import { readChunks, readSmall } from './files.ts'
import { hashFunction, keyToUse } from './options.ts'
import type { Args, Context, Data, Options } from './spec.ts'

const data = {
  'hash-function': hashFunction,
  'data-path': { value: 'DATA_PATH', group: 'data', help: 'Path of the file with the data' },
  data: { value: 'DATA', group: 'data', help: 'The data in base64' },
  'data-type': {
    value: 'DATA_TYPE',
    help: 'What the data is: raw to have it hashed, or digest if it is hashed already; for rsa-pkcs a digest is the DER of the DigestInfo',
    fallback: 'raw',
    choices: { raw: '', digest: '' },
  },
} as const satisfies Options

export const signOptions = { 'key-filter': keyToUse('signing'), ...data } as const satisfies Options

export const verifyOptions = {
  'key-filter': keyToUse('verification'),
  ...data,
  'signature-path': {
    value: 'SIGNATURE_PATH',
    group: 'signature',
    help: 'Path of the file with the signature, as bytes or in base64',
  },
  signature: { value: 'SIGNATURE', group: 'signature', help: 'The signature in base64' },
} as const satisfies Options

export const pssOptions = {
  mgf: {
    value: 'MGF',
    required: true,
    help: 'The mask generation function; its hash function is that of the data',
    choices: {
      'mgf1-sha1': '',
      'mgf1-sha224': '',
      'mgf1-sha256': '',
      'mgf1-sha384': '',
      'mgf1-sha512': '',
    } satisfies Record<`mgf1-${Hash}`, ''>,
  },
  'salt-length': {
    value: 'SALT_LENGTH',
    count: true,
    required: true,
    help: 'The length of the salt in bytes',
  },
} as const satisfies Options

type Mechanism = Request<'crypto.sign'>['mechanism']
type DataArgs = Args<typeof data>
/** The mechanism for data that is sent as `input`. */
type MechanismOf = (hash: Hash, input: Mechanism['input']) => Mechanism

export async function sign(
  args: Args<typeof signOptions>,
  { call }: Context,
  mechanismOf: MechanismOf,
): Promise<Data> {
  const { mechanism, data } = await prepare(args, mechanismOf)
  const reply = await call('crypto.sign', { filter: args['key-filter'], mechanism, data: [data] })
  return { 'key-reference': reply['key-reference'], signature: reply.signatures[0] }
}

export async function verify(
  args: Args<typeof verifyOptions>,
  { call }: Context,
  mechanismOf: MechanismOf,
): Promise<Data> {
  const signature = await signatureOf(args)
  const { mechanism, data } = await prepare(args, mechanismOf)
  const filter = args['key-filter']
  const { verified } = await call('crypto.verify', {
    filter,
    mechanism,
    data: [data],
    signatures: [signature],
  })
  if (!verified[0]) throw new HsmError('signature-invalid')
  return { message: 'Signature verified successfully' }
}

async function prepare(args: DataArgs, mechanismOf: MechanismOf) {
  const hash = args['hash-function']
  const { name } = mechanismOf(hash, 'raw')
  if (args['data-type'] === 'digest') {
    return { mechanism: mechanismOf(hash, 'digest'), data: (await wholeData(args)).toString('base64') }
  }
  const { whole, digest } = await rawData(args, hash)
  if (whole) return { mechanism: mechanismOf(hash, 'raw'), data: whole.toString('base64') }
  return { mechanism: mechanismOf(hash, 'digest'), data: digestInput(name, hash, digest).toString('base64') }
}

/** RSASSA-PKCS1-v1_5 takes a digest inside its DigestInfo (RFC 8017 §9.2). */
function digestInput(name: MechanismName, hash: Hash, digest: Buffer): Buffer {
  if (name !== 'rsa-pkcs') return digest
  return Buffer.concat([Buffer.from(DIGEST_INFO_PREFIX[hash], 'hex'), digest])
}

/** The data itself as long as it can be sent in one request, and its hash in any case. */
async function rawData(args: DataArgs, hash: Hash): Promise<{ whole: Buffer | undefined; digest: Buffer }> {
  const hasher = createHash(hash)
  let kept: Buffer[] = []
  let size = 0
  for await (const chunk of chunksOf(args)) {
    hasher.update(chunk)
    size += chunk.length
    if (size > LIMITS.dataBytes) kept = []
    else kept.push(chunk)
  }
  const whole = size > LIMITS.dataBytes ? undefined : Buffer.concat(kept)
  return { whole, digest: hasher.digest() }
}

async function* chunksOf(args: DataArgs): AsyncIterable<Buffer> {
  const path = args['data-path']
  if (path === undefined) yield fromBase64('--data', args.data ?? '')
  else yield* readChunks('--data-path', path)
}

async function wholeData(args: DataArgs): Promise<Buffer> {
  const path = args['data-path']
  if (path === undefined) return fromBase64('--data', args.data ?? '')
  return readSmall('--data-path', path, LIMITS.dataBytes)
}

async function signatureOf(args: Args<typeof verifyOptions>): Promise<string> {
  const path = args['signature-path']
  if (path === undefined) return fromBase64('--signature', args.signature ?? '').toString('base64')
  const bytes = await readSmall('--signature-path', path, LIMITS.signatureBytes * 2)
  // Bytes of a signature that happen to be all base64 do not occur.
  const text = bytes.toString('latin1').replace(/\s/g, '')
  return isBase64(text) && text !== '' ? text : bytes.toString('base64')
}

function fromBase64(option: string, text: string): Buffer {
  if (!isBase64(text)) throw new HsmError('invalid-data', `${option} must be base64`)
  return Buffer.from(text, 'base64')
}

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
