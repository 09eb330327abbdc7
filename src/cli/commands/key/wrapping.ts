/** What the commands of `key wrap` and `key unwrap` share. */
import { HsmError } from '../../../contract/errors.ts'
import type { UNWRAPPED_CLASSES } from '../../../contract/key-type-classes.ts'
import { LIMITS } from '../../../contract/limits.ts'
import type { Wrapping } from '../../../contract/mechanisms.ts'
import type { Args, Context, Data, Options } from '../../spec.ts'
import { aad, gcmParameters, type oaepOptions, oaepParameters, tagLengthBits } from '../cipher-options.ts'
import { wholeData } from '../data.ts'
import { toHex } from '../encodings.ts'
import { saveOutput } from '../files.ts'
import { theKey } from '../options.ts'
import { newKeyOptions, newKeyRequest } from './new-key.ts'

export const wrapOptions = {
  'payload-filter': { ...theKey('the key to wrap'), value: 'PAYLOAD_FILTER' },
  'wrapping-filter': { ...theKey('the key to wrap it with'), value: 'WRAPPING_FILTER' },
  path: {
    value: 'PATH',
    writes: true,
    help: 'Path of a file to write the wrapped key to, as bytes, instead of printing it; - for standard output. Only you can read a new file',
  },
} as const satisfies Options

export const unwrapOptions = {
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

export const gcmOptions = {
  aad,
  'tag-length-bits': { ...tagLengthBits, required: true },
} as const satisfies Options

export const gcm = (args: Args<typeof gcmOptions>, iv?: string) =>
  gcmParameters(args, args['tag-length-bits'], iv)

/** The HSM knows paddings with two hash functions; `key wrap` and `key unwrap` do not. */
export function oaep(args: Args<typeof oaepOptions>) {
  const { hash, mgf } = oaepParameters(args)
  if (mgf === `mgf1-${hash}`) return { hash, mgf }
  throw new HsmError(
    'invalid-mechanism',
    `mgf must be mgf1-${hash}, with the same hash function as the padding`,
  )
}

export async function wrap(
  args: Args<typeof wrapOptions>,
  context: Context,
  mechanism: Wrapping,
): Promise<Data> {
  const { path, 'payload-filter': payload, 'wrapping-filter': wrapping } = args
  const reply = await context.call('key.wrap', {
    'payload-filter': payload,
    'wrapping-filter': wrapping,
    mechanism,
  })
  const wrapped = reply['wrapped-key']
  if (path !== undefined) {
    await saveOutput({ option: '--path', path, audience: 'private' }, Buffer.from(wrapped, 'base64'), context)
  }
  const data = {
    payload_key_reference: reply['payload-key-reference'],
    wrapping_key_reference: reply['wrapping-key-reference'],
    ...(reply.iv !== undefined && { iv: toHex(reply.iv) }),
    ...(path === undefined && { wrapped_key_data: wrapped }),
  }
  return inBothSpellings(mechanism) ? { ...data, ...hyphenated(data) } : data
}

/** CloudHSM's documentation spells the output of these mechanisms with hyphens, and of all others with underscores. */
const inBothSpellings = ({ name }: Wrapping): boolean => name === 'rsa-aes' || name === 'rsa-oaep'

const hyphenated = (data: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(data).map(([name, value]) => [name.replaceAll('_', '-'), value]))

export async function unwrap(
  args: Args<typeof unwrapOptions>,
  { call }: Context,
  mechanism: Wrapping,
): Promise<Data> {
  const wrapped = await wholeData(args, LIMITS.materialBytes)
  return call('key.unwrap', {
    filter: args.filter,
    mechanism,
    'wrapped-key': wrapped.toString('base64'),
    'key-type-class': args['key-type-class'],
    ...newKeyRequest(args),
  })
}
