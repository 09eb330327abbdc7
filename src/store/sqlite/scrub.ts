/**
 * Reads every record of a store once, in the background: what a start with a snapshot did not read. So a row that was changed
 * under its own key and revision is found although nobody uses it. It takes 4 % of the time of the event loop while it lasts.
 */
import type { Log } from '../../base/log.ts'
import { HsmError } from '../../contract/errors.ts'

/** At a stretch; one record at least. */
const SLICE_MS = 1
/** So many times what a stretch has taken, which is longer when the disk is slow. */
const RESTS = 24
/** After a record could not be read, which says nothing about what it is. */
const RETRY_MS = 60_000

export type ScrubOptions = {
  /** By their keys, which are asked for one by one while the store changes. */
  readonly records: Pick<ReadonlyMap<string, unknown>, 'size' | 'keys'>
  /** Reads a record as it stands, if it does. After HsmError `store-damaged` nothing more is read. */
  readonly check: (key: string) => void
  readonly log: Log
}

/** Begins soon. @returns what ends it */
export function startScrub({ records, check, log }: ScrubOptions): () => void {
  const left = fromAnywhere(records)
  let next = left.next()
  let count = 0
  let failed = false
  let timer = later(SLICE_MS * RESTS)

  function later(ms: number): NodeJS.Timeout {
    return setTimeout(slice, ms).unref()
  }

  /** How long to wait before the next slice; undefined when there is none. */
  function readSome(): number | undefined {
    const begun = performance.now()
    let taken = 0
    do {
      if (next.done) {
        log('info', { records: count }, 'every record in the store has been read, and is what was written')
        return undefined
      }
      check(next.value)
      count += 1
      next = left.next()
      taken = performance.now() - begun
    } while (taken < SLICE_MS)
    return taken * RESTS
  }

  function failing(error: unknown): number | undefined {
    if (error instanceof HsmError && error.code === 'store-damaged') return undefined
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

/** All of them. An HSM that is never up for long enough does not read the same ones each time. */
function* fromAnywhere(records: ScrubOptions['records']): Generator<string, undefined> {
  const place = Math.floor(Math.random() * records.size)
  yield* records.keys().drop(place)
  yield* records.keys().take(place)
}
