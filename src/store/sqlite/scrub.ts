/**
 * Reads every record of a store once, in the background: what a start with a snapshot did not read. So a row that was changed
 * under its own key and revision is found although nobody uses it. It takes some 4 % of one processor while it lasts.
 */
import type { Log } from '../../base/log.ts'
import { HsmError } from '../../contract/errors.ts'

/** At a stretch; one record at least. */
const SLICE_MS = 1
const PAUSE_MS = 24
/** After a record could not be read, which says nothing about what it is. */
const RETRY_MS = 60_000

export type ScrubOptions = {
  /** Keys of records, asked for one by one while the store changes. */
  readonly keys: Iterable<string>
  /** Reads a record as it stands, if it does. Throws HsmError `store-damaged` when it is not what was written. */
  readonly check: (key: string) => void
  /** Told of the first record that is not what was written. It is the last that is read. */
  readonly damaged: (error: HsmError) => void
  readonly log: Log
}

/** Begins soon. @returns what ends it */
export function startScrub({ keys, check, damaged, log }: ScrubOptions): () => void {
  const left = keys[Symbol.iterator]()
  let next = left.next()
  let records = 0
  let failed = false
  let timer = later(PAUSE_MS)

  function later(ms: number): NodeJS.Timeout {
    return setTimeout(slice, ms).unref()
  }

  /** How long to wait before the next slice; undefined when there is none. */
  function readSome(): number | undefined {
    const until = performance.now() + SLICE_MS
    do {
      if (next.done) {
        log('info', { records }, 'every record in the store has been read, and is what was written')
        return undefined
      }
      check(next.value)
      records += 1
      next = left.next()
    } while (performance.now() < until)
    return PAUSE_MS
  }

  function failing(error: unknown): number | undefined {
    if (error instanceof HsmError && error.code === 'store-damaged') {
      log('error', { err: error }, 'the store is damaged: it takes no changes and opens no keys any more')
      damaged(error)
      return undefined
    }
    if (!failed) log('warn', { err: error }, 'a record of the store cannot be read; this is tried again')
    failed = true
    return RETRY_MS
  }

  function slice(): void {
    let ms: number | undefined
    try {
      ms = readSome()
    } catch (error) {
      ms = failing(error)
    }
    if (ms !== undefined) timer = later(ms)
  }

  return () => clearTimeout(timer)
}
