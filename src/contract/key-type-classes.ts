import type { KeyClass, KeyType } from './attributes.ts'

/** What a wrapped or imported key can be, by the names of `--key-type-class`. */
export const KEY_TYPE_CLASSES = {
  aes: { keyType: 'aes', keyClass: 'secret-key' },
  des3: { keyType: 'des3', keyClass: 'secret-key' },
  'generic-secret': { keyType: 'generic-secret', keyClass: 'secret-key' },
  'rsa-private': { keyType: 'rsa', keyClass: 'private-key' },
  'ec-private': { keyType: 'ec', keyClass: 'private-key' },
  'rsa-public': { keyType: 'rsa', keyClass: 'public-key' },
  'ec-public': { keyType: 'ec', keyClass: 'public-key' },
} as const satisfies Record<string, { keyType: KeyType; keyClass: KeyClass }>
export type KeyTypeClass = keyof typeof KEY_TYPE_CLASSES

/** What a wrapped key can be: public keys are never wrapped. */
export const UNWRAPPED_CLASSES = ['aes', 'des3', 'ec-private', 'generic-secret', 'rsa-private'] as const
