/** Kinds of keys, as mechanisms tell them apart. */
import type { Curve } from './algorithms.ts'
import type { KeyType } from './attributes.ts'
import { LIMITS } from './limits.ts'

/** The types of keys, and EC keys on ed25519, which have mechanisms of their own. */
export type KeyKind = KeyType | 'edwards'

type Facts = {
  readonly keyType: KeyType
  /** One key does both halves of the work; otherwise there is a pair. */
  readonly secret: boolean
  /** In bits of RSA and EC keys, in bytes of secret ones. */
  readonly sizes?: readonly [least: number, largest: number]
  /** What FIPS mode forbids: to make new ones, or all keys of the kind. Left out, nothing. */
  readonly notInFips?: 'new' | 'all'
}

/** One row for each kind of key; `mechanisms.ts` names the kinds. */
export const KEY_KINDS = {
  aes: { keyType: 'aes', secret: true, sizes: [16, 32] },
  'generic-secret': { keyType: 'generic-secret', secret: true, sizes: [1, LIMITS.genericSecretBytes] },
  /** They still come in from outside in FIPS mode, to read what they have encrypted. */
  des3: { keyType: 'des3', secret: true, sizes: [24, 24], notInFips: 'new' },
  rsa: { keyType: 'rsa', secret: false, sizes: [LIMITS.modulusBitsMin, LIMITS.modulusBitsMax] },
  ec: { keyType: 'ec', secret: false, sizes: [224, 521] },
  edwards: { keyType: 'ec', secret: false, sizes: [255, 255], notInFips: 'all' },
  'ml-dsa': { keyType: 'ml-dsa', secret: false },
} as const satisfies Readonly<Record<KeyKind, Facts>>

/** Sizes and defaults of a kind of key. */
type Kinds = typeof KEY_KINDS

/** Key types of which one key does both halves of the work. */
export type SecretKeyType = { [K in KeyKind]: Kinds[K]['secret'] extends true ? K : never }[KeyKind]
export const SECRET_KEY_TYPES = (Object.keys(KEY_KINDS) as KeyKind[]).filter(
  (kind): kind is SecretKeyType => KEY_KINDS[kind].secret,
)

/** Sizes of a kind of key, and what FIPS mode forbids of it. */
export const factsOf = (kind: KeyKind): Facts => KEY_KINDS[kind]

/** @param curve of EC keys, undefined of others */
export const kindOf = (keyType: KeyType, curve: Curve | undefined): KeyKind =>
  curve === 'ed25519' ? 'edwards' : keyType
