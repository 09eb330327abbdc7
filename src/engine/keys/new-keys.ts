/** From what was generated to records with a reference, an owner and sealed material. */
import type { Flags, NewAttributes } from '../../contract/attributes.ts'
import type { KeyObject } from '../../contract/key-object.ts'
import { materialContext } from '../../crypto/sealed-fields.ts'
import type { KeyRecord } from '../../model/records.ts'
import { keysFit } from '../../policy/capacity.ts'
import { allow, type Decision } from '../../policy/decision.ts'
import { typeFits } from '../../policy/hsm-profile/key-types.ts'
import { mayShareKey } from '../../policy/key-sharing.ts'
import { mayPlace, type Provenance } from '../../policy/trusted-wrapping/new-keys.ts'
import { isApplied } from '../../policy/trusted-wrapping/profile.ts'
import type { Parts } from '../parts.ts'
import { type CommonFacts, targets } from '../pipeline/facts.ts'
import type { Committed } from '../pipeline/pipeline.ts'
import { keyObject } from '../reply/key-object.ts'
import { reference, withTaken } from './references.ts'
import { sessionReference } from './session-keys.ts'

/** A key before it has a place. `material` is in clear; whoever made the draft wipes it. */
export type Draft = Omit<
  KeyRecord,
  'kind' | 'id' | 'owner' | 'sharedWith' | 'madeUnderPolicy' | 'material'
> & {
  readonly origin: Provenance
  readonly material: Buffer
  readonly shareWith: readonly string[]
}

/** What whoever makes a key says about it. */
export type Wishes = {
  readonly label: string
  readonly attributes: NewAttributes
  readonly 'share-crypto-users': readonly string[]
}

/** The members of a draft that follow from what was asked for, and from where its value comes. */
export const wished = (
  { label, attributes, 'share-crypto-users': shareWith }: Wishes,
  flags: Flags,
  origin: Provenance,
) => ({
  origin,
  label,
  idAttribute: attributes.id ?? '0x',
  subject: attributes.subject,
  flags,
  wrapTemplate: undefined,
  unwrapTemplate: undefined,
  shareWith,
})

/** Gives each draft its reference, owner and shares; all of them or none. */
export function placeKeys(
  parts: Parts,
  facts: CommonFacts,
  drafts: readonly Draft[],
): Decision<readonly KeyRecord[]> {
  const { cluster } = facts
  const fit = keysFit(facts.room, drafts)
  if (!fit.allow) return fit
  let next = cluster.nextReference
  const puts: KeyPut[] = []
  for (const draft of drafts) {
    const type = typeFits(cluster, draft)
    if (!type.allow) return type
    const may = mayPlace(cluster, draft)
    if (!may.allow) return may
    const id = draft.flags.token ? reference(next++) : sessionReference(parts.random)
    const shared = shareNew(facts, record(facts, draft, id), draft.shareWith)
    if (!shared.allow) return shared
    puts.push({ put: shared.result, material: sealed(parts, draft, id) })
  }
  const records = puts.map(({ put }) => put)
  const count = next - cluster.nextReference
  if (count === 0) return allow(records, ...puts)
  const counted = withTaken(cluster, count)
  return counted.allow ? allow(records, ...puts, { put: counted.result }) : counted
}

type KeyPut = { readonly put: KeyRecord; readonly material: string }

function record(
  { actor, cluster }: CommonFacts,
  { material: _material, shareWith: _with, origin: _from, ...draft }: Draft,
  id: string,
): KeyRecord {
  return {
    kind: 'key',
    id,
    owner: actor.id,
    sharedWith: [],
    ...draft,
    madeUnderPolicy: isApplied(cluster) && draft.flags.token,
  }
}

function sealed({ sealer }: Parts, { material, ...draft }: Draft, id: string): string {
  const isPublic = draft.keyClass === 'public-key'
  const bytes = isPublic ? material : sealer.seal(material, materialContext({ ...draft, id }))
  return bytes.toString('base64')
}

function shareNew(facts: CommonFacts, key: KeyRecord, usernames: readonly string[]): Decision<KeyRecord> {
  if (usernames.length === 0) return allow(key)
  return mayShareKey({ ...facts, key, users: targets(facts.view, usernames) }, { role: 'crypto-user' })
}

/** The reply of an operation that has made one key. */
export const placedKey = (
  { parts: { store, cluster } }: Committed,
  [key]: readonly KeyRecord[],
): { key: KeyObject } => ({ key: keyObject(store.catalog, key as KeyRecord, cluster.coverage()) })
