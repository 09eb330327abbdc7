/** `crypto encrypt` and `crypto decrypt`. */

import { LIMITS } from '../../../contract/limits.ts'
import type { Cipher } from '../../../contract/mechanisms.ts'
import { type Args, action, type Context, type Data, type Options, type Rows } from '../../spec.ts'
import { aad, gcmIv, gcmParameters, oaepOptions, oaepParameters, tagLengthBits } from '../cipher-options.ts'
import { dataOptions, wholeData, wholeOf } from '../data.ts'
import { toHex } from '../encodings.ts'
import { saveOutput } from '../files.ts'
import { keyToUse } from '../options.ts'
import { cipherMessage } from './cipher-calls.ts'

const TAG_LENGTH_BITS = 128

const encryption = {
  'key-filter': keyToUse('encryption'),
  ...dataOptions,
  'ciphertext-path': {
    value: 'CIPHERTEXT_PATH',
    writes: true,
    help: 'Path of a file to write the ciphertext to, as bytes, instead of printing it; - for standard output',
  },
} as const satisfies Options

const decryption = {
  'key-filter': keyToUse('decryption'),
  'ciphertext-path': {
    value: 'CIPHERTEXT_PATH',
    group: 'ciphertext',
    help: 'Path of the file with the ciphertext',
  },
  ciphertext: {
    value: 'CIPHERTEXT',
    group: 'ciphertext',
    mayBeEmpty: true,
    help: 'The ciphertext in base64',
  },
  'data-path': {
    value: 'DATA_PATH',
    writes: true,
    help: 'Path of a file to write the data to, as bytes, instead of printing it; - for standard output. Only you can read a new file',
  },
} as const satisfies Options

const gcmOptions = {
  aad,
  'tag-length-bits': { ...tagLengthBits, fallback: String(TAG_LENGTH_BITS) },
} as const satisfies Options

const gcm = (args: Args<typeof gcmOptions>, iv?: string): Cipher => ({
  name: 'aes-gcm',
  ...gcmParameters(args, args['tag-length-bits'] ?? TAG_LENGTH_BITS, iv),
})

const oaep = (args: Args<typeof oaepOptions>): Cipher => ({
  name: 'rsa-oaep',
  ...oaepParameters(args),
})

async function encrypt(args: Args<typeof encryption>, context: Context, cipher: Cipher): Promise<Data> {
  // What is larger could not be decrypted here again.
  const message = await wholeData(args, LIMITS.streamBufferBytes)
  const { reference, data, iv } = await cipherMessage(
    context.call,
    'encrypt',
    args['key-filter'],
    cipher,
    message,
  )
  const reply = { 'key-reference': reference, ...(iv !== undefined && { iv: toHex(iv) }) }
  const path = args['ciphertext-path']
  if (path === undefined) return { ...reply, ciphertext: data.toString('base64') }
  await saveOutput({ option: '--ciphertext-path', path, audience: 'public' }, data, context)
  return reply
}

async function decrypt(args: Args<typeof decryption>, context: Context, cipher: Cipher): Promise<Data> {
  const most = LIMITS.streamBufferBytes + TAG_LENGTH_BITS / 8
  const sealed = await wholeOf('--ciphertext', args['ciphertext-path'], args.ciphertext, most)
  const { reference, data } = await cipherMessage(context.call, 'decrypt', args['key-filter'], cipher, sealed)
  const path = args['data-path']
  if (path === undefined) return { 'key-reference': reference, data: data.toString('base64') }
  await saveOutput({ option: '--data-path', path, audience: 'private' }, data, context)
  return { 'key-reference': reference }
}

export const ENCRYPT: Rows = [
  action({
    name: 'aes-gcm',
    about: 'Encrypt with an AES key: AES-GCM',
    options: { ...encryption, ...gcmOptions },
    run: async (args, context) => encrypt(args, context, gcm(args)),
  }),
  action({
    name: 'rsa-oaep',
    about: 'Encrypt with an RSA public key: RSAES-OAEP',
    options: { ...encryption, ...oaepOptions },
    run: (args, context) => encrypt(args, context, oaep(args)),
  }),
]

export const DECRYPT: Rows = [
  action({
    name: 'aes-gcm',
    about: 'Decrypt with an AES key: AES-GCM',
    options: { ...decryption, iv: gcmIv('encrypt'), ...gcmOptions },
    run: async (args, context) => decrypt(args, context, gcm(args, args.iv)),
  }),
  action({
    name: 'rsa-oaep',
    about: 'Decrypt with an RSA private key: RSAES-OAEP',
    options: { ...decryption, ...oaepOptions },
    run: (args, context) => decrypt(args, context, oaep(args)),
  }),
]
