/** Parameters of AES-GCM and RSA-OAEP, of data and of keys alike: as options, and as the HSM has them. */
import type { Cipher } from '../../contract/mechanisms.ts'
import type { Args, Option, Options } from '../spec.ts'
import { fromHex } from './encodings.ts'
import { hashFunction, mgf } from './options.ts'

type Tag = Extract<Cipher, { name: 'aes-gcm' }>['tag-length-bits']

export const aad = {
  value: 'AAD',
  mayBeEmpty: true,
  help: 'Additional authenticated data in hexadecimal',
} as const satisfies Option

export const tagLengthBits = {
  value: 'TAG_LENGTH_BITS',
  count: true,
  help: 'The length of the tag, which is at the end of the ciphertext',
} as const satisfies Option

/** @param command that printed it */
export const gcmIv = (command: string) =>
  ({
    value: 'IV',
    required: true,
    help: `The initialization vector in hexadecimal, as ${command} printed it`,
  }) as const satisfies Option

export const oaepOptions = {
  'hash-function': { ...hashFunction, help: 'The hash function of the padding' },
  mgf: { ...mgf, help: 'The mask generation function of the padding' },
} as const satisfies Options

/** The length of the tag is checked with the request. */
export const gcmParameters = (given: { readonly aad?: string }, tag: number, iv?: string) => ({
  'tag-length-bits': tag as Tag,
  ...(given.aad !== undefined && { aad: fromHex('--aad', given.aad) }),
  ...(iv !== undefined && { iv: fromHex('--iv', iv) }),
})

/** The parameters of `rsa-oaep` from its options. */
export const oaepParameters = (args: Args<typeof oaepOptions>) => ({
  hash: args['hash-function'],
  mgf: args.mgf,
})
