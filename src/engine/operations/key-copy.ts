import type { CatalogView } from '../../catalog/catalog.ts'
import type { Checked } from '../../contract/operations.ts'
import type { KeyRecord } from '../../model/records.ts'
import { allow } from '../../policy/decision.ts'
import { changeFits } from '../../policy/hsm-profile/attributes.ts'
import { copyFlags } from '../../policy/key-copy.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { mayCopy } from '../../policy/trusted-wrapping/changes.ts'
import { clusterOf } from '../cluster-state.ts'
import { keyObject } from '../key-object.ts'
import { type Draft, placeKeys } from '../new-keys.ts'
import type { Call } from '../parts.ts'
import { change, granted } from '../pipelines.ts'
import { select } from '../selection.ts'

type Request = Checked<'key.copy'>

/** The original as it is when the copy is placed must be the one whose material was taken. */
export const keyCopy = change<'key.copy', Draft & { readonly original: string }, readonly KeyRecord[]>(
  'key.copy',
  {
    async prepare(parts, call, request) {
      const { key, flags } = granted(permitted(parts.store.catalog, call, request))
      const material = await parts.keyring.withMaterial(key, (clear) => Buffer.from(clear))
      return { ...draftOf(key, request), flags, material, original: key.id }
    },
    decide(facts, request, { original, ...draft }) {
      const decision = permitted(facts.view, facts.call, {
        ...request,
        filter: { reference: original },
      })
      if (!decision.allow) return decision
      const { key, flags } = decision.result
      return placeKeys(facts, [{ ...draftOf(key, request), flags, material: draft.material }])
    },
    subjects: ({ filter }) => ('reference' in filter ? [`key/${filter.reference}`] : []),
    reply: ({ store, cluster }, _call, [key]) => ({
      key: keyObject(store.catalog, key as KeyRecord, cluster.coverage()),
    }),
    wipe: ({ material }) => material.fill(0),
  },
)

function permitted(view: CatalogView, call: Call, { filter, attributes, session }: Request) {
  const selected = exactlyOne(select(view, call, filter))
  if (!selected.allow) return selected
  const key = selected.result
  const cluster = clusterOf(view)
  const may = mayCopy(cluster, key)
  if (!may.allow) return may
  const flags = copyFlags(call.actor, key, attributes, session)
  if (!flags.allow) return flags
  const copy = { ...key, flags: flags.result, idAttribute: attributes.id ?? key.idAttribute }
  const change = changeFits(cluster, key, copy)
  return change.allow ? allow({ key, flags: flags.result }) : change
}

/** Whom the original is shared with is its own affair. */
function draftOf(key: KeyRecord, { label, attributes }: Request): Omit<Draft, 'flags' | 'material'> {
  const {
    kind: _kind,
    id: _id,
    owner: _owner,
    sharedWith: _shared,
    material: _material,
    flags: _flags,
    ...facts
  } = key
  return {
    ...facts,
    origin: { from: 'copied' },
    label: label ?? key.label,
    idAttribute: attributes.id ?? key.idAttribute,
    subject: attributes.subject ?? key.subject,
    shareWith: [],
  }
}
