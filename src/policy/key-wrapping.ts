import {
  FLAG_NAMES,
  type Flags,
  type KeyClass,
  type NewAttributes,
  type Template,
} from '../contract/attributes.ts'
import { WRAPPING_KEY_TYPE, type Wrapping } from '../contract/mechanisms.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import type { Circumstances } from './circumstances.ts'
import { all, allow, type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { mechanismFits } from './hsm-profile/mechanisms.ts'
import { type Availability, keyAvailable } from './key-availability.ts'
import { holds, owns } from './key-visibility.ts'
import { mayUnwrapBy, mayWrapUnder } from './trusted-wrapping/transport.ts'

type Transporting = { readonly mechanism: Wrapping }
type Pair = { readonly wrapping: KeyRecord; readonly payload: KeyRecord }

/** Both keys must allow it, and the policy trusted-wrapping, if it is applied. */
export function mayWrap(
  { actor, wrapping, payload, cluster, circumstances }: Pair & About<'actor' | 'cluster' | 'circumstances'>,
  { mechanism }: Transporting,
): Decision<void> {
  return all(
    mayWrapWith(actor, wrapping, mechanism, circumstances),
    mayWrapKey(actor, payload, wrapping, circumstances),
    mayWrapUnder(cluster, { wrapping, payload }, mechanism),
  )
}

/** The key must allow it, and the policy trusted-wrapping, if it is applied. */
export function mayUnwrap(
  { actor, key, cluster, circumstances }: About<'actor' | 'key' | 'cluster' | 'circumstances'>,
  { mechanism }: Transporting,
): Decision<void> {
  return all(mayUnwrapWith(actor, key, mechanism, circumstances), mayUnwrapBy(cluster, mechanism))
}

/**
 * A key encrypts another when its `wrap` is set: an AES key for its owner and the users it is shared with, a public RSA
 * key for every crypto user.
 */
export function mayWrapWith(
  actor: Actor,
  key: KeyRecord,
  mechanism: Wrapping,
  circumstances: Circumstances,
): Decision<void> {
  return transports(actor, key, mechanism, { flag: 'wrap', half: 'public-key', circumstances })
}

/** A key decrypts another when its `unwrap` is set, for its owner and the users it is shared with. */
export function mayUnwrapWith(
  actor: Actor,
  key: KeyRecord,
  mechanism: Wrapping,
  circumstances: Circumstances,
): Decision<void> {
  return transports(actor, key, mechanism, { flag: 'unwrap', half: 'private-key', circumstances })
}

type Transport = {
  readonly flag: 'wrap' | 'unwrap'
  /** Which half of an RSA pair does it. */
  readonly half: KeyClass
  readonly circumstances: Circumstances
}

function transports(
  actor: Actor,
  key: KeyRecord,
  { name }: Wrapping,
  { flag, half, circumstances }: Transport,
): Decision<void> {
  const keyType = WRAPPING_KEY_TYPE[name]
  const keyClass = keyType === 'rsa' ? half : 'secret-key'
  if (key.keyType !== keyType || key.keyClass !== keyClass) {
    return deny('key-type', `To ${flag} with ${name} a key must be a ${keyClass} of type ${keyType}`)
  }
  const may = keyClass === 'public-key' ? actor.role === 'crypto-user' : holds(actor, key)
  if (!may) return deny('not-permitted')
  if (!key.flags[flag]) return deny('key-function', `The key cannot ${flag}: its attribute ${flag} is false`)
  const mode = mechanismFits(circumstances.profile, flag, name)
  return mode.allow ? keyAvailable(circumstances, key.flags.token) : mode
}

/**
 * Only the owner takes a key out of the HSM, only an extractable one, under a trusted key if it insists on that, and
 * only one that fits the template of the wrapping key (PKCS#11 v2.40 §4.9).
 */
export function mayWrapKey(
  actor: Actor,
  payload: KeyRecord,
  wrapping: KeyRecord,
  availability: Availability,
): Decision<void> {
  if (payload.keyClass === 'public-key' || payload.keyType === 'ml-dsa') {
    return deny('wrap-refused', `A ${payload.keyClass} of type ${payload.keyType} cannot be wrapped`)
  }
  if (!owns(actor, payload)) return deny('not-owner')
  if (!payload.flags.extractable) return deny('not-extractable')
  if (payload.flags['wrap-with-trusted'] && !wrapping.flags.trusted) {
    return deny('wrap-refused', 'The key can only be wrapped with a trusted key')
  }
  if (!matches(payload.flags, wrapping.wrapTemplate)) {
    return deny('wrap-refused', 'The key does not fit the wrap-template of the wrapping key')
  }
  return keyAvailable(availability, payload.flags.token)
}

const matches = (flags: Flags, template: Template | undefined): boolean =>
  FLAG_NAMES.every((name) => template?.[name] === undefined || template[name] === flags[name])

/** What was asked for together with what the template of the unwrapping key says; they must not contradict each other. */
export function withTemplate(given: NewAttributes, template: Template | undefined): Decision<NewAttributes> {
  const conflict = FLAG_NAMES.find(
    (name) => template?.[name] !== undefined && given[name] !== undefined && given[name] !== template[name],
  )
  if (conflict)
    return deny(
      'template-conflict',
      `The unwrap-template of the key does not allow ${conflict}=${given[conflict]}`,
    )
  return allow({ ...given, ...template })
}
