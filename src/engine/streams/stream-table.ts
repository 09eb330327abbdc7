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

/** Empty at first. A message mostly begins and ends with nothing in between, so one more allocates next to nothing here. */
export function createStreamTable(): StreamTable {
  /** By id: no two have the same. */
  const streams = new Map<string, Stream>()
  /** How many a session has, if it has any. */
  const counts = new Map<string, number>()
  const countOf = (session: string): number => counts.get(session) ?? 0
  return {
    add(stream) {
      streams.set(stream.id, stream)
      counts.set(stream.session, countOf(stream.session) + 1)
    },
    get(session, id) {
      const stream = streams.get(id)
      return stream?.session === session ? stream : undefined
    },
    remove({ session, id }) {
      if (!streams.delete(id)) return
      const left = countOf(session) - 1
      if (left > 0) counts.set(session, left)
      else counts.delete(session)
    },
    of: (session) => [...streams.values()].filter((stream) => stream.session === session),
    count: () => streams.size,
    countOf,
  }
}
