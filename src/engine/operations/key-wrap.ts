import { useKey } from '../../cluster/key-use.ts'
import { HsmError } from '../../contract/errors.ts'
import type { Selector } from '../../contract/filter-terms.ts'
import type { Checked, Reply } from '../../contract/operations.ts'
import { wrapPayload } from '../../crypto/wrapping/wrapping.ts'
import type { KeyRecord } from '../../model/records.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { mayWrapKey, mayWrapWith } from '../../policy/key-wrapping.ts'
import { mayWrapUnder } from '../../policy/trusted-wrapping/transport.ts'
import { clusterOf } from '../cluster-state.ts'
import { circumstances } from '../facts.ts'
import type { Call, Parts } from '../parts.ts'
import { granted, type Handler, stillIn } from '../pipelines.ts'
import { select } from '../selection.ts'

type Request = Checked<'key.wrap'>

/** Two keys are used, and the right to each must stand when the result is released (guarantee G). */
export const keyWrap: Handler<'key.wrap'> = (parts, call, request) =>
  useKey(
    { serving: parts.cluster.serving, uses: parts.uses },
    () => {
      const { wrapping, payload } = permitted(parts, call, request)
      const { id: user, session } = call.actor
      return { key: wrapping.id, with: payload.id, user, session, wrapping, payload }
    },
    (pair) => wrap(parts, call, pair, request),
  )

type Pair = { readonly wrapping: KeyRecord; readonly payload: KeyRecord }

function permitted(parts: Parts, call: Call, request: Request): Pair {
  const view = parts.store.catalog
  if (!stillIn(view, call)) throw new HsmError('not-logged-in')
  const one = (filter: Selector) => granted(exactlyOne(select(view, call, filter)))
  const wrapping = one(request['wrapping-filter'])
  const payload = one(request['payload-filter'])
  const now = circumstances(parts, view, call)
  granted(mayWrapWith(call.actor, wrapping, request.mechanism, now))
  granted(mayWrapKey(call.actor, payload, wrapping, now))
  granted(mayWrapUnder(clusterOf(view), { wrapping, payload }, request.mechanism))
  return { wrapping, payload }
}

const wrap = (
  { keyring }: Parts,
  { actor }: Call,
  { wrapping, payload }: Pair,
  { mechanism }: Request,
): Promise<Reply<'key.wrap'>> =>
  keyring.withKeyObject(wrapping, actor.session, (key) =>
    keyring.withMaterial(payload, async (clear) => {
      const { wrapped, iv } = await wrapPayload(key, mechanism, clear)
      return {
        'payload-key-reference': payload.id,
        'wrapping-key-reference': wrapping.id,
        ...(iv && { iv: iv.toString('base64') }),
        'wrapped-key': wrapped.toString('base64'),
      }
    }),
  )
