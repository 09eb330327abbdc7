/** Options of every command that makes keys, and the part of the request they become. */
import { parseNewAttributes } from '../../../contract/attributes.ts'
import type { Args, Option, Options } from '../../spec.ts'

const label = (of: string) =>
  ({
    value: `${of}LABEL`,
    required: true,
    mayBeEmpty: true,
    help: 'A label to find the key by',
  }) as const satisfies Option

/** @param which such as `the public key` */
const attributes = (name: string, which: string) =>
  ({
    value: name,
    many: true,
    help: `Space separated list of attributes to set for ${which} in the form of KEY_ATTRIBUTE_NAME=KEY_ATTRIBUTE_VALUE`,
  }) as const satisfies Option

const session = {
  help: 'Make a key that exists in the current session only and is deleted when the session ends',
} as const satisfies Option

/** @param which such as `the private key` */
const share = (which: string) =>
  ({
    value: 'SHARE_CRYPTO_USERS',
    many: true,
    completes: 'username',
    help: `Space separated list of crypto users with whom to share ${which}`,
  }) as const satisfies Option

const single = {
  session,
  attributes: attributes('KEY_ATTRIBUTES', 'the key'),
  'share-crypto-users': share('the key'),
} as const satisfies Options

export const newKeyOptions = { label: label(''), ...single } as const satisfies Options

export const secretKeyOptions = {
  label: label(''),
  'key-length-bytes': {
    value: 'KEY_LENGTH_BYTES',
    count: true,
    required: true,
    help: 'The length of the key in bytes',
  },
  ...single,
} as const satisfies Options

export const keyPairOptions = {
  'public-label': label('PUBLIC_'),
  'private-label': label('PRIVATE_'),
  session,
  'public-attributes': attributes('PUBLIC_KEY_ATTRIBUTES', 'the public key'),
  'private-attributes': attributes('PRIVATE_KEY_ATTRIBUTES', 'the private key'),
  'share-crypto-users': share('the private key'),
} as const satisfies Options

/** What is common to requests for a single key. */
export const newKeyRequest = (args: Args<typeof newKeyOptions>) => ({
  label: args.label,
  session: args.session,
  attributes: parseNewAttributes(args.attributes ?? []),
  'share-crypto-users': args['share-crypto-users'],
})

/** What is common to requests for key pairs. */
export const keyPairRequest = (args: Args<typeof keyPairOptions>) => ({
  'public-label': args['public-label'],
  'private-label': args['private-label'],
  session: args.session,
  'public-attributes': parseNewAttributes(args['public-attributes'] ?? []),
  'private-attributes': parseNewAttributes(args['private-attributes'] ?? []),
  'share-crypto-users': args['share-crypto-users'],
})
