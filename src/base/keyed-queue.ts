/**
 * Runs work of the same key one piece after another, in the order in which it came; work of different keys runs side
 * by side.
 */
import { type MaybePromise, whenOver } from './maybe-promise.ts'

export type KeyedQueue = {
  /**
   * Runs `work` when everything that came before under this key has ended, however it ended: at once, when there is nothing.
   * Work that needs no waiting is then over when this returns, and what it throws is thrown here.
   */
  run<R>(key: number | string, work: () => Promise<R>): Promise<R>
  run<R>(key: number | string, work: () => MaybePromise<R>): MaybePromise<R>
  /** How many pieces of work there are under this key, that which runs among them. */
  count(key: number | string): number
}

type Line = { last: Promise<unknown>; count: number }

/** Runs the work of one key one after another, in the order of the calls; that of different keys at once. */
export function createKeyedQueue(): KeyedQueue {
  const lines = new Map<number | string, Line>()

  function run<R>(key: number | string, work: () => Promise<R>): Promise<R>
  function run<R>(key: number | string, work: () => MaybePromise<R>): MaybePromise<R>
  function run<R>(key: number | string, work: () => MaybePromise<R>): MaybePromise<R> {
    const line = lines.get(key)
    const mine = line === undefined ? work() : line.last.then(work, work)
    if (!(mine instanceof Promise)) return mine
    const own = line ?? { last: mine, count: 0 }
    own.last = mine
    own.count += 1
    lines.set(key, own)
    return whenOver(
      () => mine,
      () => {
        own.count -= 1
        if (own.count === 0) lines.delete(key)
      },
    )
  }

  return { run, count: (key) => lines.get(key)?.count ?? 0 }
}
