/** Options that several commands share. */
import type { Hash } from '../../contract/algorithms.ts'
import type { Role } from '../../contract/users.ts'
import type { Option, Options } from '../spec.ts'

const keyFilter = (purpose: string) =>
  ({
    value: 'FILTER',
    many: true,
    mayBeEmpty: true,
    completes: 'filter',
    help: `Key reference (e.g. key-reference=0xabc) or space separated list of key attributes in the form of attr.KEY_ATTRIBUTE_NAME=KEY_ATTRIBUTE_VALUE to select ${purpose}`,
  }) as const satisfies Option

export const anyKeys = { ...keyFilter('the keys to list'), maybeNone: true } as const satisfies Option

/** @param purpose such as `the key to wrap` */
export const theKey = (purpose: string) =>
  ({ ...keyFilter(purpose), required: true }) as const satisfies Option

/** @param verb such as `unsharing` */
export const oneKey = (verb: string) => theKey(`a matching key for ${verb}`)

/** The same for commands that can do it to several keys. */
export const someKeys = (verb: string) =>
  ({ ...oneKey(verb), unless: 'all-matching' }) as const satisfies Option

/** More than a filter says, for commands about several keys. `needs`: the flag that makes it one. */
export const moreCriteria = <const N extends { readonly needs?: string }>(needs: N) =>
  ({
    'label-glob': {
      value: 'PATTERN',
      extension: true,
      ...needs,
      help: 'Select keys by their label: * stands for any text, ? for any one character, and a backslash escapes the character after it',
    },
    owner: {
      value: 'USERNAME',
      extension: true,
      completes: 'username',
      ...needs,
      help: 'Select keys that this user owns',
    },
    'shared-with': {
      value: 'USERNAME',
      extension: true,
      completes: 'username',
      ...needs,
      help: 'Select keys that are shared with this user',
    },
  }) as const satisfies Options

/** @param verb such as `signing` */
export const keyToUse = (verb: string) => ({ ...oneKey(verb), value: 'KEY_FILTER' }) as const satisfies Option

/** Required, and completed by Tab. */
export const username = (help: string) =>
  ({
    value: 'USERNAME',
    required: true,
    mayBeEmpty: true,
    completes: 'username',
    help,
  }) as const satisfies Option

/** Of commands that a user who is logged in stands in the way of. */
export const force = {
  extension: true,
  help: 'Also when the user is logged in: every login of the user ends, on every HSM',
} as const satisfies Option

export const role = {
  value: 'ROLE',
  required: true,
  help: 'Role the user has in the cluster',
  choices: {
    'crypto-user': 'A CryptoUser has the ability to manage and use keys',
    admin: 'An Admin has the ability to manage user accounts',
  } satisfies Record<Role, string>,
} as const satisfies Option

/** @param whose such as `The new password` */
export const password = (whose: string) =>
  ({
    value: 'PASSWORD',
    mayBeEmpty: true,
    help: `${whose}. If not provided, it is asked for and not shown`,
  }) as const satisfies Option

export const hashFunction = {
  value: 'HASH_FUNCTION',
  required: true,
  help: 'The hash function to apply to the data',
  choices: { sha1: '', sha224: '', sha256: '', sha384: '', sha512: '' } satisfies Record<Hash, ''>,
} as const satisfies Option

export const mgf = {
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
} as const satisfies Option
