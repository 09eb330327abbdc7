import { allow, type Decision, deny } from './decision.ts'

export type Capacity = { readonly users: number; readonly keys: number; readonly asymmetricKeys: number }

/** Whether `secret` more secret keys and `asymmetric` more public and private keys fit. */
export function keysFit(
  has: { readonly keys: number; readonly asymmetricKeys: number },
  more: { readonly secret: number; readonly asymmetric: number },
  capacity: Capacity,
): Decision<void> {
  const full =
    has.keys + more.secret + more.asymmetric > capacity.keys ||
    (more.asymmetric > 0 && has.asymmetricKeys + more.asymmetric > capacity.asymmetricKeys)
  return full ? deny('key-capacity') : allow(undefined)
}
