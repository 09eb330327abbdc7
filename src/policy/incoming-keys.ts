/** Keys that are not generated here: imported, unwrapped or derived. */
import { CURVES, type Curve } from '../contract/algorithms.ts'
import type { Flags, NewAttributes } from '../contract/attributes.ts'
import { KEY_KINDS } from '../contract/key-kinds.ts'
import { KEY_TYPE_CLASSES, type KeyTypeClass } from '../contract/key-type-classes.ts'
import type { Checked } from '../contract/operations.ts'
import type { KeyRecord } from '../model/records.ts'
import { all, allow, type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { mayDerive } from './key-derivation.ts'
import { mayUnwrap, withTemplate } from './key-wrapping.ts'
import { type Origin, UNUSED } from './new-key-flags.ts'
import { mayMakeKeys } from './new-keys.ts'
import { templatesDiffer } from './revocation.ts'

export const IMPORTED = { from: 'imported' } as const satisfies Origin
export const UNWRAPPED = { from: 'unwrapped' } as const satisfies Origin

type Making = About<'cluster' | 'circumstances' | 'room'>
type With = Making & About<'actor' | 'key'>

/** The flags that an imported key will have. */
export const mayImport = (facts: Making, request: Checked<'key.import'>): Decision<Flags> =>
  flagsOf(facts, request['key-type-class'], request, IMPORTED)

export type Unwrapping = { readonly attributes: NewAttributes; readonly flags: Flags }

/** What a key that is unwrapped will be, if the unwrapping key and its template allow it. */
export function mayUnwrapKey(facts: With, request: Checked<'key.unwrap'>): Decision<Unwrapping> {
  const { 'key-type-class': name, 'key-length-bytes': length } = request
  const attributes = all(
    mayUnwrap(facts, request),
    lengthFits(name, length),
    withTemplate(request.attributes, facts.key.unwrapTemplate),
  )
  if (!attributes.allow) return attributes
  const flags = flagsOf(facts, name, { ...request, attributes: attributes.result }, UNWRAPPED)
  return flags.allow ? allow({ attributes: attributes.result, flags: flags.result }) : flags
}

const lengthFits = (name: KeyTypeClass, length: number | undefined): Decision<void> =>
  length === undefined || KEY_TYPE_CLASSES[name].keyClass === 'secret-key'
    ? allow(undefined)
    : deny('invalid-request', 'key-length-bytes is for secret keys')

/**
 * Whether what was unwrapped can be placed: with the template of the unwrapping key the right that it was made by has changed.
 *
 * @param before the unwrapping key when it was used @param now the same when the new key is committed
 */
export const mayPlaceUnwrapped = (before: KeyRecord, now: KeyRecord): Decision<void> =>
  templatesDiffer(before.unwrapTemplate, now.unwrapTemplate) ? deny('revoked') : allow(undefined)

export type Deriving = { readonly bytes: number; readonly flags: Flags }

/** The length and the flags that a derived key will have, if the base key allows it. */
export function mayDeriveKey(facts: With, request: Checked<'key.derive'>): Decision<Deriving> {
  const may = mayDerive(facts, request)
  if (!may.allow) return may
  const bytes = lengthOf(request, facts.key.ec?.curve)
  if (!bytes.allow) return bytes
  const flags = flagsOf(facts, request['key-type'], request, derivedFrom(facts.key))
  return flags.allow ? allow({ bytes: bytes.result, flags: flags.result }) : flags
}

/** @param key the base key: what is derived from it is as secret as it is */
export const derivedFrom = ({ flags }: KeyRecord): Origin => ({ from: 'derived', base: flags })

const [DES3_BYTES] = KEY_KINDS.des3.sizes
const LENGTHS = { aes: [16, 24, 32], des3: [DES3_BYTES], 'generic-secret': undefined } as const

/**
 * @param curve of the base key of ECDH; what else derives has no length of its own
 * @returns bytes; left out in the request, those of the shared secret, if that is a length of the type
 */
function lengthOf(request: Checked<'key.derive'>, curve: Curve | undefined): Decision<number> {
  const keyType = request['key-type']
  const lengths: readonly number[] | undefined = LENGTHS[keyType]
  const shared = curve && curve !== 'ed25519' ? CURVES[curve].fieldBytes : undefined
  const bytes = request['key-length-bytes'] ?? (keyType === 'des3' ? DES3_BYTES : shared)
  if (bytes === undefined) return deny('invalid-request', 'key-length-bytes must be given')
  if (lengths?.includes(bytes) ?? true) return allow(bytes)
  return deny('invalid-attribute', `key-length-bytes must be ${lengths?.join(', ')} for ${keyType}`)
}

/** @param wishes with what the template of an unwrapping key says: what nobody named comes after that */
function flagsOf(
  facts: Making,
  name: KeyTypeClass,
  wishes: Pick<Checked<'key.import'>, 'attributes' | 'session' | 'only-named-uses'>,
  origin: Origin,
): Decision<Flags> {
  const { attributes, session, 'only-named-uses': onlyNamed } = wishes
  const { keyClass } = KEY_TYPE_CLASSES[name]
  const wanted = { keyClass, attributes: onlyNamed ? { ...UNUSED, ...attributes } : attributes }
  const flags = mayMakeKeys(facts, [wanted], { session, origin })
  return flags.allow ? allow(flags.result[0] as Flags) : flags
}
