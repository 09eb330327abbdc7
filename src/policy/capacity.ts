import type { KeyClass } from '../contract/attributes.ts'
import { LIMITS } from '../contract/limits.ts'
import { allow, type Decision, deny } from './decision.ts'

export type Capacity = { readonly users: number; readonly keys: number; readonly asymmetricKeys: number }
export type KeyCounts = {
  readonly keys: number
  readonly asymmetricKeys: number
  readonly sessionKeys: number
}
type NewKey = { readonly keyClass: KeyClass; readonly flags: { readonly token: boolean } }

/** Whether more keys fit: token keys into the cluster, session keys into the session. */
export function keysFit(has: KeyCounts, more: readonly NewKey[], capacity: Capacity): Decision<void> {
  const token = more.filter((key) => key.flags.token)
  const asymmetric = token.filter((key) => key.keyClass !== 'secret-key')
  const full =
    (token.length > 0 && has.keys + token.length > capacity.keys) ||
    (asymmetric.length > 0 && has.asymmetricKeys + asymmetric.length > capacity.asymmetricKeys) ||
    has.sessionKeys + more.length - token.length > LIMITS.sessionKeys
  return full ? deny('key-capacity') : allow(undefined)
}
