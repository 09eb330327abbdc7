/** Reads the material of all keys in the background: a few at a time, with rests, and again as long as some is lacking. */
import { setTimeout } from 'node:timers/promises'
import { type KeyRecord, type RecordKey, recordKey } from '../../model/records.ts'

export interface ReadingAhead {
  /** Something may be lacking. */
  wake(): void
  /** For good. */
  stop(): void
}

export type ReadingAheadNeeds = {
  /** All there are. */
  keys(): Iterable<KeyRecord>
  lacks(key: RecordKey): boolean
  /** @returns whether each is there now. Rejects when the store does not answer */
  read(keys: readonly RecordKey[]): Promise<boolean>
}

/** Keys that are read in one request: some milliseconds of work, and within etcd's limit of operations. */
const AT_ONCE = 32
/** Keys that are looked at in one stretch to find those. */
const LOOKED_AT = 4096
/** So that reading takes about a third of a processor. */
const REST_MS = 10
/** Until what could not be read is tried again; twice as long each time. */
const RETRY_MS = 500
const LONGEST_RETRY_MS = 30_000

export function createReadingAhead({ keys, lacks, read }: ReadingAheadNeeds): ReadingAhead {
  const stopping = new AbortController()
  const { signal } = stopping
  let isWanted = false
  let isRunning = false

  async function run(): Promise<void> {
    let retryMs = RETRY_MS
    while (isWanted && !signal.aborted) {
      isWanted = false
      if (await pass()) {
        retryMs = RETRY_MS
        continue
      }
      isWanted = true
      await rest(retryMs)
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
    }
    isRunning = false
  }

  /** @returns whether nothing is left to be tried again */
  async function pass(): Promise<boolean> {
    let isWhole = true
    for (const some of lacking(keys(), lacks)) {
      await rest(REST_MS)
      if (signal.aborted) return true
      if (some.length === 0) continue
      try {
        isWhole = (await read(some)) && isWhole
      } catch {
        // Whoever needs one of them meanwhile is told why it cannot be read.
        return false
      }
    }
    return isWhole
  }

  const rest = (ms: number): Promise<void> =>
    setTimeout(ms, undefined, { ref: false, signal }).catch(() => undefined)

  return {
    wake() {
      isWanted = true
      if (isRunning || signal.aborted) return
      isRunning = true
      void run()
    },
    stop: () => stopping.abort(),
  }
}

/** As they are when their turn comes, some at a time; none now and then, so that nobody waits for the search. */
function* lacking(
  keys: Iterable<KeyRecord>,
  lacks: ReadingAheadNeeds['lacks'],
): Iterable<readonly RecordKey[]> {
  let some: RecordKey[] = []
  let looked = 0
  for (const record of keys) {
    const key = recordKey(record)
    if (lacks(key)) some.push(key)
    looked += 1
    if (some.length < AT_ONCE && looked < LOOKED_AT) continue
    yield some
    some = []
    looked = 0
  }
  if (some.length > 0) yield some
}
