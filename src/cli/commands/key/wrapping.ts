/** The commands of `key wrap` and `key unwrap`: each mechanism is a row, and each row a command in both. */
import { HsmError } from '../../../contract/errors.ts'
import type { UNWRAPPED_CLASSES } from '../../../contract/key-type-classes.ts'
import { LIMITS } from '../../../contract/limits.ts'
import type { Wrapping } from '../../../contract/mechanisms.ts'
import {
  type Args,
  type ArgValues,
  action,
  type Context,
  type Data,
  type Options,
  type Rows,
} from '../../spec.ts'
import { aad, gcmIv, gcmParameters, oaepOptions, oaepParameters, tagLengthBits } from '../cipher-options.ts'
import { wholeData } from '../data.ts'
import { toHex } from '../encodings.ts'
import { saveOutput } from '../files.ts'
import { theKey } from '../options.ts'
import { newKeyOptions, newKeyRequest } from './new-key.ts'

const wrapOptions = {
  'payload-filter': { ...theKey('the key to wrap'), value: 'PAYLOAD_FILTER' },
  'wrapping-filter': { ...theKey('the key to wrap it with'), value: 'WRAPPING_FILTER' },
  path: {
    value: 'PATH',
    writes: true,
    help: 'Path of a file to write the wrapped key to, as bytes, instead of printing it; - for standard output. Only you can read a new file',
  },
} as const satisfies Options

const unwrapOptions = {
  filter: theKey('the key to unwrap with'),
  'data-path': { value: 'DATA_PATH', group: 'data', help: 'Path of the file with the wrapped key, as bytes' },
  data: { value: 'DATA', group: 'data', help: 'The wrapped key in base64' },
  'key-type-class': {
    value: 'KEY_TYPE_CLASS',
    required: true,
    help: 'The type and class of the wrapped key',
    choices: {
      aes: '',
      des3: '',
      'ec-private': '',
      'generic-secret': '',
      'rsa-private': '',
    } satisfies Record<(typeof UNWRAPPED_CLASSES)[number], ''>,
  },
  ...newKeyOptions,
} as const satisfies Options

const gcmOptions = {
  aad,
  'tag-length-bits': { ...tagLengthBits, required: true },
} as const satisfies Options

/** The HSM knows paddings with two hash functions; `key wrap` and `key unwrap` do not. */
function sameHash(args: Args<typeof oaepOptions>) {
  const { hash, mgf } = oaepParameters(args)
  if (mgf === `mgf1-${hash}`) return { hash, mgf }
  throw new HsmError(
    'invalid-mechanism',
    `mgf must be mgf1-${hash}, with the same hash function as the padding`,
  )
}

async function wrap(args: Args<typeof wrapOptions>, context: Context, mechanism: Wrapping): Promise<Data> {
  const { path, 'payload-filter': payload, 'wrapping-filter': wrapping } = args
  const reply = await context.call('key.wrap', {
    'payload-filter': payload,
    'wrapping-filter': wrapping,
    mechanism,
  })
  const wrapped = reply['wrapped-key']
  if (path !== undefined) {
    await saveOutput({ option: '--path', path, audience: 'private' }, wrapped, context)
  }
  const data = {
    payload_key_reference: reply['payload-key-reference'],
    wrapping_key_reference: reply['wrapping-key-reference'],
    ...(reply.iv !== undefined && { iv: toHex(reply.iv) }),
    ...(path === undefined && { wrapped_key_data: wrapped.toString('base64') }),
  }
  return inBothSpellings(mechanism) ? { ...data, ...hyphenated(data) } : data
}

/** CloudHSM's documentation spells the output of these mechanisms with hyphens, and of all others with underscores. */
const inBothSpellings = ({ name }: Wrapping): boolean => name === 'rsa-aes' || name === 'rsa-oaep'

const hyphenated = (data: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(data).map(([name, value]) => [name.replaceAll('_', '-'), value]))

async function unwrap(
  args: Args<typeof unwrapOptions>,
  { call }: Context,
  mechanism: Wrapping,
): Promise<Data> {
  const wrapped = await wholeData(args, LIMITS.materialBytes)
  return call('key.unwrap', {
    filter: args.filter,
    mechanism,
    'wrapped-key': wrapped,
    'key-type-class': args['key-type-class'],
    ...newKeyRequest(args),
  })
}

type Mechanism = {
  readonly name: Wrapping['name']
  /** Ends the sentence that begins with `Wrap a key with`. */
  readonly how: string
  readonly options: Options
  readonly mechanism: (args: ArgValues) => Wrapping
  /** To unwrap it takes the initialization vector as well, which does not travel with the wrapped key. */
  readonly ivApart?: true
}

function row<const S extends Options>(
  mechanism: Omit<Mechanism, 'mechanism'> & {
    readonly options: S
    mechanism(args: Args<S> & { readonly iv?: string }): Wrapping
  },
): Mechanism {
  // The parser hands over exactly what the options promise.
  return { ...mechanism, mechanism: mechanism.mechanism as Mechanism['mechanism'] }
}

const MECHANISMS = [
  row({
    name: 'aes-gcm',
    how: 'AES-GCM, with the IV beside the wrapped key',
    options: gcmOptions,
    mechanism: (args) => ({
      name: 'aes-gcm',
      ...gcmParameters(args, args['tag-length-bits'], args.iv),
    }),
    ivApart: true,
  }),
  row({
    name: 'aes-no-pad',
    how: 'AES key wrap without padding (RFC 3394)',
    options: {},
    mechanism: () => ({ name: 'aes-no-pad' }),
  }),
  row({
    name: 'aes-pkcs5-pad',
    how: 'AES key wrap with PKCS #5 padding',
    options: {},
    mechanism: () => ({ name: 'aes-pkcs5-pad' }),
  }),
  row({
    name: 'aes-zero-pad',
    how: 'AES key wrap with zero padding (RFC 5649)',
    options: {},
    mechanism: () => ({ name: 'aes-zero-pad' }),
  }),
  row({
    name: 'cloudhsm-aes-gcm',
    how: 'AES-GCM, with the IV in front of the wrapped key',
    options: gcmOptions,
    mechanism: (args) => ({ name: 'cloudhsm-aes-gcm', ...gcmParameters(args, args['tag-length-bits']) }),
  }),
  row({
    name: 'rsa-aes',
    how: 'an AES key that is itself under RSA-OAEP',
    options: oaepOptions,
    mechanism: (args) => ({ name: 'rsa-aes', ...sameHash(args) }),
  }),
  row({
    name: 'rsa-oaep',
    how: 'RSA-OAEP',
    options: oaepOptions,
    mechanism: (args) => ({ name: 'rsa-oaep', ...sameHash(args) }),
  }),
  row({
    name: 'rsa-pkcs',
    how: 'RSA-PKCS (RSAES-PKCS1-v1_5)',
    options: {},
    mechanism: () => ({ name: 'rsa-pkcs' }),
  }),
]

export const WRAP: Rows = MECHANISMS.map(({ name, how, options, mechanism }) =>
  action({
    name,
    about: `Wrap a key with ${how}`,
    options: { ...wrapOptions, ...options },
    run: async (args, context) => wrap(args, context, mechanism(args)),
  }),
)

export const UNWRAP: Rows = MECHANISMS.map(({ name, how, options, mechanism, ivApart }) =>
  action({
    name,
    about: `Unwrap a key with ${how}`,
    options: { ...unwrapOptions, ...options, ...(ivApart && { iv: gcmIv('key wrap') }) },
    run: async (args, context) => unwrap(args, context, mechanism(args)),
  }),
)
