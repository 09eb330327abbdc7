/** How much is kept of the messages in parts that cannot be worked on as they come. */
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Stream } from './stream.ts'

export interface StreamBuffers {
  /** So many bytes are kept of that stream now. */
  hold(stream: Stream, bytes: number): void
  /** Throws `too-many-streams` or `busy` when a stream keeps something, and its session, or all of them, too much. */
  check(stream: Stream): void
}

/** Nothing is kept at first. */
export function createStreamBuffers(): StreamBuffers {
  const bySession = new Map<string, number>()
  let all = 0
  return {
    hold(stream, bytes) {
      const more = bytes - stream.held
      if (more === 0) return
      stream.held = bytes
      all += more
      const left = (bySession.get(stream.session) ?? 0) + more
      if (left > 0) bySession.set(stream.session, left)
      else bySession.delete(stream.session)
    },
    check({ session, held }) {
      if (held === 0) return
      if ((bySession.get(session) ?? 0) > LIMITS.sessionStreamBuffersBytes) {
        throw new HsmError('too-many-streams', 'Too much is kept of the streams in this session')
      }
      if (all > LIMITS.streamBuffersBytes) {
        throw new HsmError('busy', 'Too much is kept of the streams on this HSM')
      }
    },
  }
}
