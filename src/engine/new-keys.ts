/** From what was generated to records with a reference, an owner and sealed material. */
import type { KeyRecord, Write } from '../model/records.ts'
import { keysFit } from '../policy/capacity.ts'
import { allow, type Decision } from '../policy/decision.ts'
import { typeFits } from '../policy/hsm-profile/key-types.ts'
import { shareKey } from '../policy/key-sharing.ts'
import { mayPlace, type Provenance } from '../policy/trusted-wrapping/new-keys.ts'
import { clusterOf } from './cluster-state.ts'
import { keyRoom, targets } from './facts.ts'
import { materialContext } from './keyring.ts'
import type { Facts } from './pipelines.ts'
import { sessionReference } from './session-keys.ts'

/** A key before it has a place. `material` is in clear; whoever made the draft wipes it. */
export type Draft = Omit<KeyRecord, 'kind' | 'id' | 'owner' | 'sharedWith' | 'material'> & {
  readonly origin: Provenance
  readonly material: Buffer
  readonly shareWith: readonly string[]
}

/** Gives each draft its reference, owner and shares; all of them or none. */
export function placeKeys(facts: Facts, drafts: readonly Draft[]): Decision<readonly KeyRecord[]> {
  const { parts, view, call } = facts
  const fit = keysFit(keyRoom(view, call), drafts)
  if (!fit.allow) return fit
  const cluster = clusterOf(view)
  let next = cluster.nextReference
  const records: KeyRecord[] = []
  for (const draft of drafts) {
    const type = typeFits(cluster, draft)
    if (!type.allow) return type
    const may = mayPlace(cluster, draft)
    if (!may.allow) return may
    const id = draft.flags.token ? reference(next++) : sessionReference(parts.random)
    const shared = shareNew(facts, record(facts, draft, id), draft.shareWith)
    if (!shared.allow) return shared
    records.push(shared.result)
  }
  const puts: Write[] = records.map((put) => ({ put }))
  if (next !== cluster.nextReference) puts.push({ put: { ...cluster, nextReference: next } })
  return allow(records, ...puts)
}

/** From a number that is used once. */
export const reference = (number: number): string => `0x${number.toString(16).padStart(16, '0')}`

function record(
  { parts, call }: Facts,
  { material, shareWith: _with, origin: _from, ...draft }: Draft,
  id: string,
): KeyRecord {
  const bytes =
    draft.keyClass === 'public-key'
      ? material
      : parts.sealer.seal(material, materialContext({ ...draft, id }))
  return {
    kind: 'key',
    id,
    owner: call.actor.id,
    sharedWith: [],
    ...draft,
    material: bytes.toString('base64'),
  }
}

function shareNew({ view, call }: Facts, key: KeyRecord, usernames: readonly string[]): Decision<KeyRecord> {
  if (usernames.length === 0) return allow(key)
  return shareKey(call.actor, key, 'crypto-user', targets(view, usernames))
}
