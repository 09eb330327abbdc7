/** The messages in parts that are under way on this HSM. Each belongs to one session, and ends with the right behind it. */
import type { Grant, Reason, Uses } from '../../cluster/uses.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { SessionEnds } from '../../session/sessions.ts'
import type { Stream } from './stream.ts'
import { createStreamBuffers } from './stream-buffers.ts'
import { createStreamTable, type StreamTable, streamId } from './stream-table.ts'

/** A stream is busy from `open` or `take` until `release` or `close`. */
export interface Streams {
  /** A new stream. Throws `too-many-streams` or `busy`. */
  open(session: string): Stream
  /** Ends the stream with the right behind it, from now on. */
  watch(stream: Stream, grant: Grant): void
  /** Throws `stream-not-found`, `invalid-request` when a step is under way, or why the right to it ended. */
  take(session: string, id: string): Stream
  /** Also while a step of it is under way. */
  get(session: string, id: string): Stream | undefined
  /** The stream goes on. Throws `too-many-streams` or `busy` when too much is kept of those in one session, or of all. */
  release(stream: Stream): void
  /** The stream is over. May be called more than once. */
  close(stream: Stream): void
  /** Throws as `take` does, but for a right that ended: that there is such a stream is all it asks. */
  cancel(session: string, id: string): void
}

/** Streams end with their session, and with the right to their key. */
export function createStreams(uses: Pick<Uses, 'watch'>, sessions: SessionEnds): Streams {
  const table = createStreamTable()
  const buffers = createStreamBuffers()
  let last = 0

  function wipe(stream: Stream): void {
    stream.begun?.work.close()
    stream.begun = undefined
    buffers.hold(stream, 0)
  }

  function close(stream: Stream): void {
    stream.unwatch()
    table.remove(stream)
    wipe(stream)
  }

  /** At once, or by the step that is under way when it is over. */
  function end(stream: Stream, reason: Reason): void {
    stream.ended = reason
    if (!stream.busy) wipe(stream)
  }

  sessions.onEnd(({ id }) => {
    for (const stream of table.of(id)) {
      stream.unwatch()
      table.remove(stream)
      end(stream, 'revoked')
    }
    table.forget(id)
  })

  function idle(session: string, id: string): Stream {
    const stream = table.get(session, id)
    if (!stream) throw new HsmError('stream-not-found')
    if (stream.busy) throw new HsmError('invalid-request', 'Another part of this stream is being worked on')
    return stream
  }

  return {
    open(session) {
      makeRoom(table, session, close)
      if (table.count() >= LIMITS.streams) throw new HsmError('busy', 'Too many streams are open on this HSM')
      last += 1
      const stream = newStream(session, last)
      table.add(stream)
      return stream
    },
    watch(stream, grant) {
      stream.unwatch = uses.watch(grant, (reason) => end(stream, reason))
    },
    take(session, id) {
      const stream = idle(session, id)
      if (stream.ended) {
        close(stream)
        throw new HsmError(stream.ended)
      }
      stream.busy = true
      return stream
    },
    get: table.get,
    release(stream) {
      buffers.hold(stream, stream.begun?.work.held() ?? 0)
      buffers.check(stream)
      stream.busy = false
      // Its right may have ended after the last check of the step.
      if (stream.ended) wipe(stream)
    },
    close,
    cancel: (session, id) => close(idle(session, id)),
  }
}

/** Those whose right has ended go first. */
function makeRoom(table: StreamTable, session: string, close: (stream: Stream) => void): void {
  const full = () => table.countOf(session) >= LIMITS.streamsPerSession
  if (!full()) return
  for (const stream of table.of(session)) if (stream.ended && !stream.busy) close(stream)
  if (full()) throw new HsmError('too-many-streams')
}

const newStream = (session: string, number: number): Stream => ({
  id: streamId(number),
  session,
  begun: undefined,
  ended: undefined,
  busy: true,
  held: 0,
  unwatch: () => undefined,
})
