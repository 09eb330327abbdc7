import type { Stream } from './stream.ts'

/** The streams of all sessions, found through their own session only. */
export interface StreamTable {
  add(stream: Stream): void
  get(session: string, id: string): Stream | undefined
  remove(stream: Stream): void
  of(session: string): readonly Stream[]
  count(): number
  countOf(session: string): number
  /** The session has ended, and its streams are removed. */
  forget(session: string): void
}

const PREFIX = 'stream-'

/** A stream is found through its own session only, so its number is no secret. @param number that no other stream has */
export const streamId = (number: number): string => PREFIX + number

/** Whatever else has the same number is told from it by its id. */
const numberOf = (id: string): number => Number(id.slice(PREFIX.length))

/** Empty at first. A message mostly begins and ends with nothing in between, so one more allocates next to nothing here. */
export function createStreamTable(): StreamTable {
  /** By number: V8 would put every id that is used once as the key of a Map into its table of strings. */
  const streams = new Map<number, Stream>()
  /** How many a session has, of those that had any. */
  const counts = new Map<string, number>()
  const countOf = (session: string): number => counts.get(session) ?? 0
  return {
    add(stream) {
      streams.set(numberOf(stream.id), stream)
      counts.set(stream.session, countOf(stream.session) + 1)
    },
    get(session, id) {
      const stream = streams.get(numberOf(id))
      return stream?.id === id && stream.session === session ? stream : undefined
    },
    remove({ session, id }) {
      if (streams.delete(numberOf(id))) counts.set(session, countOf(session) - 1)
    },
    of: (session) => [...streams.values()].filter((stream) => stream.session === session),
    count: () => streams.size,
    countOf,
    forget: (session) => void counts.delete(session),
  }
}
