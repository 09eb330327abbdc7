/**
 * Runs work of the same key one piece after another, in the order in which it came; work of different keys runs side
 * by side.
 */

export type KeyedQueue = {
  /** Runs `work` when everything that came before under this key has ended, however it ended. */
  run<R>(key: number | string, work: () => Promise<R>): Promise<R>
  /** How many pieces of work there are under this key, that which runs among them. */
  count(key: number | string): number
}

type Line = { last: Promise<unknown>; count: number }

/** Runs the work of one key one after another, in the order of the calls; that of different keys at once. */
export function createKeyedQueue(): KeyedQueue {
  const lines = new Map<number | string, Line>()
  return {
    async run(key, work) {
      const line = lines.get(key)
      const mine = line === undefined ? work() : line.last.then(work, work)
      const own = line ?? { last: mine, count: 0 }
      own.last = mine
      own.count += 1
      lines.set(key, own)
      try {
        return await mine
      } finally {
        own.count -= 1
        if (own.count === 0) lines.delete(key)
      }
    },
    count: (key) => lines.get(key)?.count ?? 0,
  }
}
