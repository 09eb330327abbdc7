/** Messages in parts. Each step is a use of the key by itself (guarantee G); whatever goes wrong with one ends the message. */

import { isBytes, NO_BYTES } from '../../base/bytes.ts'
import { andThen, type MaybePromise, whenOver } from '../../base/maybe-promise.ts'
import type { Cipher } from '../../contract/mechanisms.ts'
import type { Checked } from '../../contract/operations.ts'
import type { StreamUse } from '../../contract/streams.ts'
import { digestsFit } from '../../policy/hsm-profile/digests.ts'
import { mayContinue, mayStream } from '../../policy/key-stream.ts'
import type { Attempt } from '../pipeline/attempt.ts'
import type { Facts } from '../pipeline/facts.ts'
import { granted } from '../pipeline/granted.ts'
import { answer } from '../pipeline/pipeline.ts'
import type { Begun, Stream } from '../streams/stream.ts'
import { beginWork, type OpenWith } from '../streams/stream-work.ts'
import type { Streams } from '../streams/streams.ts'

export const cryptoBegin = answer<'crypto.begin', void, Stream>({
  around: ({ parts, call }, _request, run) =>
    stepOf(parts.streams.open(call.actor.session), parts, false, run),
  may: mayStream,
  work(facts, request, { parts, held: stream }) {
    const { actor, key } = facts
    parts.streams.watch(stream, { key: key.id, user: actor.id, session: actor.session })
    const start = kept(request)
    return andThen(beginWork(openWith(parts, facts), start), ({ work, resultBytes, iv }) => {
      stream.begun = { key: key.id, start, work }
      return {
        stream: stream.id,
        'key-reference': key.id,
        ...(resultBytes !== undefined && { 'result-bytes': resultBytes }),
        ...(iv !== undefined && { iv }),
      }
    })
  },
})

/** A message outlives the request that began it, and bytes that came with that are the caller's. */
function kept(request: Checked<'crypto.begin'>): StreamUse {
  if ('mechanism' in request) return { purpose: request.purpose, mechanism: request.mechanism }
  const members = Object.entries(request.cipher).map(([name, value]) => [
    name,
    isBytes(value) ? Buffer.from(value) : value,
  ])
  return { purpose: request.purpose, cipher: Object.fromEntries(members) as Cipher }
}

export const cryptoUpdate = answer<'crypto.update', Begun, Stream>({
  around: (attempt, request, run) => next(attempt, request, false, run),
  may: mayContinue,
  work(_facts, request, { permitted: { work } }) {
    const data = work.update(request.data)
    return data ? { data } : {}
  },
})

export const cryptoFinish = answer<'crypto.finish', Begun, Stream>({
  around: (attempt, request, run) => next(attempt, request, true, run),
  may: mayContinue,
  work(facts, { data = NO_BYTES, signature }, { parts, permitted: { work, start } }) {
    if ('mechanism' in start) {
      const whole = [{ length: work.held() + data.length }]
      granted(digestsFit(facts.circumstances, facts.key, start.mechanism, whole))
    }
    return work.finish(openWith(parts, facts), { data, signature })
  },
})

/** Needs no right to the key, as nothing is done with it. */
export const cryptoCancel = answer<'crypto.cancel'>({
  work({ actor }, { stream }, { parts: { streams } }) {
    streams.cancel(actor.session, stream)
    return {}
  },
})

type Step = 'crypto.update' | 'crypto.finish'

function next<R>(
  attempt: Attempt,
  { stream: id }: Checked<Step>,
  last: boolean,
  run: (stream: Stream) => MaybePromise<R>,
): MaybePromise<R> {
  const { parts, call } = attempt
  const stream = parts.streams.take(call.actor.session, id)
  const { start } = stream.begun ?? {}
  if (start) attempt.mechanism = ('mechanism' in start ? start.mechanism : start.cipher).name
  return stepOf(stream, parts, last, run)
}

/** The stream goes on after it, unless it is the last or goes wrong. */
function stepOf<R>(
  stream: Stream,
  { streams }: Attempt['parts'],
  last: boolean,
  run: (stream: Stream) => MaybePromise<R>,
): MaybePromise<R> {
  return whenOver(
    () => run(stream),
    (done) => (done && !last ? release(streams, stream) : streams.close(stream)),
  )
}

function release(streams: Streams, stream: Stream): void {
  try {
    streams.release(stream)
  } catch (error) {
    streams.close(stream)
    throw error
  }
}

const openWith = (
  { keyring }: Attempt['parts'],
  { actor, key }: Facts<Step> | Facts<'crypto.begin'>,
): OpenWith => ({ keyring, key, session: actor.session })
