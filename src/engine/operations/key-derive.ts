import type { CatalogView } from '../../catalog/catalog.ts'
import { useKey } from '../../cluster/key-use.ts'
import { CURVES, type WeierstrassCurve } from '../../contract/algorithms.ts'
import { HsmError } from '../../contract/errors.ts'
import type { Selector } from '../../contract/filter-terms.ts'
import type { Checked } from '../../contract/operations.ts'
import { deriveByEcdh } from '../../crypto/ecdh.ts'
import { readIncomingKey } from '../../crypto/incoming-key.ts'
import { DES3_BYTES } from '../../crypto/secret-keys.ts'
import type { KeyRecord } from '../../model/records.ts'
import { mayDerive } from '../../policy/key-derivation.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { availability } from '../facts.ts'
import { incomingDraft, incomingFlags } from '../incoming-keys.ts'
import { keyObject } from '../key-object.ts'
import { type Draft, placeKeys } from '../new-keys.ts'
import type { Call, Parts } from '../parts.ts'
import { change, granted, stillIn } from '../pipelines.ts'
import { select } from '../selection.ts'

type Request = Checked<'key.derive'>
type Derived = { readonly base: string; readonly draft: Draft }

/** The key that comes out is placed only if the right to the base key stands in the same state (guarantee G). */
export const keyDerive = change<'key.derive', Derived, readonly KeyRecord[]>('key.derive', {
  prepare: (parts, call, request) =>
    useKey(
      { serving: parts.cluster.serving, uses: parts.uses },
      () => {
        const view = parts.store.catalog
        if (!stillIn(view, call)) throw new HsmError('not-logged-in')
        const key = granted(permitted(parts, view, call, request.filter))
        return { key: key.id, user: call.actor.id, session: call.actor.session, record: key }
      },
      ({ record }) => derive(parts, call, record, request),
    ),
  decide(facts, _request, { base, draft }) {
    const again = permitted(facts.parts, facts.view, facts.call, { reference: base })
    return again.allow ? placeKeys(facts, [draft]) : again
  },
  reply: ({ store, cluster }, _call, [key]) => ({
    key: keyObject(store.catalog, key as KeyRecord, cluster.coverage()),
  }),
  wipe: ({ draft }) => draft.material.fill(0),
})

function permitted(parts: Parts, view: CatalogView, call: Call, filter: Selector) {
  const selected = exactlyOne(select(view, call, filter))
  if (!selected.allow) return selected
  const permit = mayDerive(call.actor, selected.result, availability(parts, call))
  return permit.allow ? selected : permit
}

async function derive(parts: Parts, call: Call, base: KeyRecord, request: Request): Promise<Derived> {
  const { 'key-type': keyType, mechanism } = request
  const curve = base.ec?.curve as WeierstrassCurve
  const bytes = lengthOf(request, curve)
  const origin = { from: 'derived', base: base.flags } as const
  const flags = incomingFlags(parts, call, keyType, request, origin)
  const value = await parts.keyring.withKeyObject(base, call.actor.session, (key) =>
    deriveByEcdh(key, curve, mechanism, bytes),
  )
  try {
    const key = await readIncomingKey(keyType, value, 'key-length-bytes')
    return { base: base.id, draft: incomingDraft(key, flags, request, origin) }
  } finally {
    value.fill(0)
  }
}

const LENGTHS = { aes: [16, 24, 32], des3: [DES3_BYTES], 'generic-secret': undefined } as const

function lengthOf(request: Request, curve: WeierstrassCurve): number {
  const keyType = request['key-type']
  const lengths: readonly number[] | undefined = LENGTHS[keyType]
  const usual = keyType === 'des3' ? DES3_BYTES : CURVES[curve].fieldBytes
  const bytes = request['key-length-bytes'] ?? usual
  if (lengths?.includes(bytes) ?? true) return bytes
  throw new HsmError('invalid-attribute', `key-length-bytes must be ${lengths?.join(', ')} for ${keyType}`)
}
