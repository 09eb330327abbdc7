import type { Stream } from './stream.ts'

/** The streams of all sessions, found through their own session only. */
export interface StreamTable {
  add(stream: Stream): void
  get(session: string, id: string): Stream | undefined
  remove(stream: Stream): void
  of(session: string): readonly Stream[]
  count(): number
  countOf(session: string): number
}

/** Empty at first. */
export function createStreamTable(): StreamTable {
  const sessions = new Map<string, Map<string, Stream>>()
  let count = 0
  return {
    add(stream) {
      const own = sessions.get(stream.session) ?? new Map<string, Stream>()
      sessions.set(stream.session, own.set(stream.id, stream))
      count += 1
    },
    get: (session, id) => sessions.get(session)?.get(id),
    remove({ session, id }) {
      const own = sessions.get(session)
      if (!own?.delete(id)) return
      count -= 1
      if (own.size === 0) sessions.delete(session)
    },
    of: (session) => [...(sessions.get(session)?.values() ?? [])],
    count: () => count,
    countOf: (session) => sessions.get(session)?.size ?? 0,
  }
}
