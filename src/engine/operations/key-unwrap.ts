import { isDeepStrictEqual } from 'node:util'
import type { CatalogView } from '../../catalog/catalog.ts'
import { useKey } from '../../cluster/key-use.ts'
import { HsmError } from '../../contract/errors.ts'
import { KEY_TYPE_CLASSES } from '../../contract/key-type-classes.ts'
import type { Checked } from '../../contract/operations.ts'
import { readIncomingKey } from '../../crypto/incoming-key.ts'
import { unwrapFailed } from '../../crypto/wrapping/unwrap-failed.ts'
import { unwrapPayload } from '../../crypto/wrapping/wrapping.ts'
import type { KeyRecord } from '../../model/records.ts'
import { deny } from '../../policy/decision.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { mayUnwrapWith, withTemplate } from '../../policy/key-wrapping.ts'
import { mayUnwrapBy } from '../../policy/trusted-wrapping/transport.ts'
import { clusterOf } from '../cluster-state.ts'
import { circumstances } from '../facts.ts'
import { incomingDraft, incomingFlags } from '../incoming-keys.ts'
import { keyObject } from '../key-object.ts'
import { type Draft, placeKeys } from '../new-keys.ts'
import type { Call, Parts } from '../parts.ts'
import { change, granted, stillIn } from '../pipelines.ts'
import { select } from '../selection.ts'

type Request = Checked<'key.unwrap'>
const UNWRAPPED = { from: 'unwrapped' } as const
type Unwrapped = { readonly under: KeyRecord; readonly draft: Draft }

/**
 * The key that comes out is placed only if the right to the unwrapping key stands in the same state (guarantee G), and
 * with it the template that the new key was made by.
 */
export const keyUnwrap = change<'key.unwrap', Unwrapped, readonly KeyRecord[]>('key.unwrap', {
  prepare: (parts, call, request) =>
    useKey(
      { serving: parts.cluster.serving, uses: parts.uses },
      () => {
        const view = parts.store.catalog
        if (!stillIn(view, call)) throw new HsmError('not-logged-in')
        const key = granted(permitted(parts, view, call, request))
        return { key: key.id, user: call.actor.id, session: call.actor.session, record: key }
      },
      ({ record }) => unwrap(parts, call, record, request),
    ),
  decide(facts, request, { under, draft }) {
    const again = permitted(facts.parts, facts.view, facts.call, {
      ...request,
      filter: { reference: under.id },
    })
    if (!again.allow) return again
    return sameTemplate(again.result, under) ? placeKeys(facts, [draft]) : deny('revoked')
  },
  reply: ({ store, cluster }, _call, [key]) => ({
    key: keyObject(store.catalog, key as KeyRecord, cluster.coverage()),
  }),
  wipe: ({ draft }) => draft.material.fill(0),
})

function permitted(parts: Parts, view: CatalogView, call: Call, { filter, mechanism }: Request) {
  const selected = exactlyOne(select(view, call, filter))
  if (!selected.allow) return selected
  const now = circumstances(parts, view, call)
  const permit = mayUnwrapWith(call.actor, selected.result, mechanism, now)
  if (!permit.allow) return permit
  const may = mayUnwrapBy(clusterOf(view), mechanism)
  return may.allow ? selected : may
}

const sameTemplate = (one: KeyRecord, other: KeyRecord): boolean =>
  isDeepStrictEqual(one.unwrapTemplate, other.unwrapTemplate)

async function unwrap(parts: Parts, call: Call, under: KeyRecord, request: Request): Promise<Unwrapped> {
  const { 'key-type-class': name, 'key-length-bytes': length } = request
  if (length !== undefined && KEY_TYPE_CLASSES[name].keyClass !== 'secret-key') {
    throw new HsmError('invalid-request', 'key-length-bytes is for secret keys')
  }
  const attributes = granted(withTemplate(request.attributes, under.unwrapTemplate))
  const wishes = { ...request, attributes }
  const flags = incomingFlags(parts, call, name, wishes, UNWRAPPED)
  const payload = await parts.keyring.withKeyObject(under, call.actor.session, (key) =>
    unwrapPayload(key, request.mechanism, Buffer.from(request['wrapped-key'], 'base64')),
  )
  try {
    return { under, draft: incomingDraft(await read(name, payload, length), flags, wishes, UNWRAPPED) }
  } finally {
    payload.fill(0)
  }
}

/** That what was wrapped is no such key is told like everything else that is wrong with it. */
async function read(name: Request['key-type-class'], payload: Buffer, length: number | undefined) {
  if (length !== undefined && length !== payload.length) throw unwrapFailed()
  try {
    return await readIncomingKey(name, payload, 'wrapped-key')
  } catch (error) {
    throw error instanceof HsmError ? unwrapFailed() : error
  }
}
