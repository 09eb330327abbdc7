import type { Flags, KeyClass, NewAttributes } from '../contract/attributes.ts'
import { newKeyFlags, type Origin } from '../policy/new-key-flags.ts'
import { completedFor, mayMake } from '../policy/trusted-wrapping/new-keys.ts'
import { clusterOf } from './cluster-state.ts'
import type { Parts } from './parts.ts'
import { granted } from './pipelines.ts'

type Wishes = { readonly attributes: NewAttributes; readonly session: boolean }

/** The flags a new key will have, by the rules for all keys and by the cluster's policy. Throws the refusal. */
export function flagsOfNew(
  { store }: Parts,
  keyClass: KeyClass,
  { attributes, session }: Wishes,
  origin: Origin,
): Flags {
  const cluster = clusterOf(store.catalog)
  const flags = granted(newKeyFlags(keyClass, completedFor(cluster, keyClass, attributes), session, origin))
  granted(mayMake(cluster, { keyClass, flags, origin }))
  return flags
}
