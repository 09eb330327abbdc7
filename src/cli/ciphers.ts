/** What the commands of `crypto encrypt` and `crypto decrypt` share. */
import type { Cipher } from '../contract/ciphers.ts'
import { HsmError } from '../contract/errors.ts'
import { LIMITS } from '../contract/limits.ts'
import { cipherMessage } from './cipher-calls.ts'
import { writeWhole } from './files.ts'
import { hashFunction, keyToUse } from './options.ts'
import { pssOptions } from './signing.ts'
import { dataOptions, wholeData, wholeOf } from './signing-data.ts'
import type { Args, Context, Data, Options } from './spec.ts'

type Gcm = Extract<Cipher, { name: 'aes-gcm' }>
const TAG_LENGTH_BITS = 128

export const encryption = {
  'key-filter': keyToUse('encryption'),
  ...dataOptions,
  'ciphertext-path': {
    value: 'CIPHERTEXT_PATH',
    help: 'Path of a file to write the ciphertext to, as bytes, instead of printing it',
  },
} as const satisfies Options

export const decryption = {
  'key-filter': keyToUse('decryption'),
  'ciphertext-path': {
    value: 'CIPHERTEXT_PATH',
    group: 'ciphertext',
    help: 'Path of the file with the ciphertext',
  },
  ciphertext: { value: 'CIPHERTEXT', group: 'ciphertext', help: 'The ciphertext in base64' },
  'data-path': {
    value: 'DATA_PATH',
    help: 'Path of a file to write the data to, as bytes, instead of printing it; only you can read it',
  },
} as const satisfies Options

export const gcmOptions = {
  aad: { value: 'AAD', help: 'Additional authenticated data in hexadecimal' },
  'tag-length-bits': {
    value: 'TAG_LENGTH_BITS',
    count: true,
    fallback: String(TAG_LENGTH_BITS),
    help: 'The length of the tag, which is at the end of the ciphertext',
  },
} as const satisfies Options

export const gcmIv = {
  iv: {
    value: 'IV',
    required: true,
    help: 'The initialization vector in hexadecimal, as encrypt printed it',
  },
} as const satisfies Options

export const oaepOptions = {
  'hash-function': { ...hashFunction, help: 'The hash function of the padding' },
  mgf: { ...pssOptions.mgf, help: 'The mask generation function of the padding' },
} as const satisfies Options

export function gcm(args: Args<typeof gcmOptions>, iv?: string): Cipher {
  return {
    name: 'aes-gcm',
    'tag-length-bits': (args['tag-length-bits'] ?? TAG_LENGTH_BITS) as Gcm['tag-length-bits'],
    ...(args.aad !== undefined && { aad: fromHex('--aad', args.aad) }),
    ...(iv !== undefined && { iv: fromHex('--iv', iv) }),
  }
}

export const oaep = (args: Args<typeof oaepOptions>): Cipher => ({
  name: 'rsa-oaep',
  hash: args['hash-function'],
  mgf: args.mgf,
})

export async function encrypt(
  args: Args<typeof encryption>,
  { call }: Context,
  cipher: Cipher,
): Promise<Data> {
  // What is larger could not be decrypted here again.
  const message = await wholeData(args, LIMITS.streamBufferBytes)
  const { reference, data, iv } = await cipherMessage(call, 'encrypt', args['key-filter'], cipher, message)
  const reply = { 'key-reference': reference, ...(iv !== undefined && { iv: toHex(iv) }) }
  const path = args['ciphertext-path']
  if (path === undefined) return { ...reply, ciphertext: data.toString('base64') }
  await writeWhole('--ciphertext-path', path, data)
  return reply
}

export async function decrypt(
  args: Args<typeof decryption>,
  { call }: Context,
  cipher: Cipher,
): Promise<Data> {
  const most = LIMITS.streamBufferBytes + TAG_LENGTH_BITS / 8
  const sealed = await wholeOf('--ciphertext', args['ciphertext-path'], args.ciphertext, most)
  const { reference, data } = await cipherMessage(call, 'decrypt', args['key-filter'], cipher, sealed)
  const path = args['data-path']
  if (path === undefined) return { 'key-reference': reference, data: data.toString('base64') }
  await writeWhole('--data-path', path, data, 0o600)
  return { 'key-reference': reference }
}

/** @returns base64 */
function fromHex(option: string, text: string): string {
  const digits = text.replace(/^0x/i, '')
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new HsmError('invalid-data', `${option} must be hexadecimal`)
  }
  return Buffer.from(digits, 'hex').toString('base64')
}

const toHex = (base64: string): string => `0x${Buffer.from(base64, 'base64').toString('hex')}`
