import type { KeyClass } from '../contract/attributes.ts'
import { CAPACITIES, type Capacity, LIMITS } from '../contract/limits.ts'
import { allow, type Decision, deny } from './decision.ts'
import type { Profile } from './hsm-profile/profile.ts'

/** How much a cluster of HSMs of this type holds. */
export const capacityOf = ({ hsmType }: Profile): Capacity => CAPACITIES[hsmType]

/** How many keys there are and may be, in the cluster and in the session. */
export type KeyRoom = {
  readonly keys: number
  readonly asymmetricKeys: number
  readonly sessionKeys: number
  readonly capacity: Capacity
}

type NewKey = { readonly keyClass: KeyClass; readonly flags: { readonly token: boolean } }

/** Whether more keys fit: token keys into the cluster, session keys into the session. */
export function keysFit(has: KeyRoom, more: readonly NewKey[]): Decision<void> {
  const { capacity } = has
  const token = more.filter((key) => key.flags.token)
  const asymmetric = token.filter((key) => key.keyClass !== 'secret-key')
  const full =
    (token.length > 0 && has.keys + token.length > capacity.keys) ||
    (asymmetric.length > 0 && has.asymmetricKeys + asymmetric.length > capacity.asymmetricKeys) ||
    has.sessionKeys + more.length - token.length > LIMITS.sessionKeys
  return full ? deny('key-capacity') : allow(undefined)
}

/** @param left whether the cluster has as many references left as are wanted */
export const referencesFit = (left: boolean): Decision<void> =>
  left ? allow(undefined) : deny('key-capacity', 'The cluster has used up its key references')
