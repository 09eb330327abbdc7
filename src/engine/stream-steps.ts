/**
 * The steps of a message in parts. Each is a use of the key by itself: it is decided on the state as it is then, runs
 * under a ticket and is checked again before its result is released (guarantee G).
 */
import type { CatalogView } from '../catalog/catalog.ts'
import { useKey } from '../cluster/key-use.ts'
import { HsmError } from '../contract/errors.ts'
import type { Reply } from '../contract/operations.ts'
import type { StreamStart } from '../contract/streams.ts'
import type { KeyRecord } from '../model/records.ts'
import { exactlyOne } from '../policy/key-selection.ts'
import { mayStream } from '../policy/key-stream.ts'
import { circumstances } from './facts.ts'
import type { Call, Parts } from './parts.ts'
import { granted, stillIn } from './pipelines.ts'
import { select } from './selection.ts'
import { beginWork, type OpenWith } from './stream-work.ts'
import type { Begun, Stream } from './streams.ts'

export function beginStream(parts: Parts, call: Call, start: StreamStart): Promise<Reply<'crypto.begin'>> {
  const stream = parts.streams.open(call.actor.session)
  const find = (view: CatalogView) => granted(exactlyOne(select(view, call, start.filter)))
  return step(parts, call, stream, { start, find, last: false }, async (open) => {
    const { key } = open
    parts.streams.watch(stream, { key: key.id, user: call.actor.id, session: call.actor.session })
    const { work, resultBytes, iv } = await beginWork(open, start)
    stream.begun = { key: key.id, start, work }
    return {
      stream: stream.id,
      'key-reference': key.id,
      ...(resultBytes !== undefined && { 'result-bytes': resultBytes }),
      ...(iv !== undefined && { iv }),
    }
  })
}

/** A step that the stream goes on after. */
export const nextStep = <R>(...about: Next<R>): Promise<R> => following(...about, false)
/** The stream ends with it, whatever comes of it. */
export const lastStep = <R>(...about: Next<R>): Promise<R> => following(...about, true)

type Next<R> = [
  parts: Parts,
  call: Call,
  stream: string,
  body: (begun: Begun, open: OpenWith) => R | Promise<R>,
]

function following<R>(...[parts, call, id, body, last]: [...Next<R>, last: boolean]): Promise<R> {
  const stream = parts.streams.take(call.actor.session, id)
  const { begun } = stream
  if (!begun) throw new Error('A stream that has not begun is not idle')
  const find = (view: CatalogView) => sameKey(view, call, begun.key)
  return step(parts, call, stream, { start: begun.start, find, last }, (open) => body(begun, open))
}

type About = {
  readonly start: StreamStart
  readonly find: (view: CatalogView) => KeyRecord
  readonly last: boolean
}

/** Whatever goes wrong with a step is the end of the stream. */
async function step<R>(
  parts: Parts,
  call: Call,
  stream: Stream,
  about: About,
  work: (open: OpenWith) => R | Promise<R>,
): Promise<R> {
  const { cluster, uses, keyring, streams } = parts
  const { session } = call.actor
  try {
    const result = await useKey(
      { serving: cluster.serving, uses },
      () => permitted(parts, call, stream, about),
      async ({ record }) => work({ keyring, key: record, session }),
    )
    if (about.last) streams.close(stream)
    else streams.release(stream)
    return result
  } catch (error) {
    streams.close(stream)
    throw error
  }
}

function permitted(parts: Parts, call: Call, stream: Stream, { start, find }: About) {
  const view = parts.store.catalog
  if (!stillIn(view, call)) throw new HsmError('not-logged-in')
  // It may have ended behind the fence, and have been given again.
  if (stream.ended) throw new HsmError(stream.ended)
  const record = find(view)
  granted(mayStream(call.actor, record, start, circumstances(parts, view, call)))
  return { record, key: record.id, user: call.actor.id, session: call.actor.session }
}

function sameKey(view: CatalogView, { session }: Call, reference: string): KeyRecord {
  const key = view.key(reference) ?? session?.keys.key(reference)
  if (!key) throw new HsmError('revoked')
  return key
}
