/**
 * Keeps the snapshot of a store not far behind it, in the background. A file is begun with all records, a few at a time, while
 * others change: what changes meanwhile is written once more behind them, and then what ends the state, which is true of one
 * moment. Later changes are added at the end of the file, until beginning anew is better.
 */
import { rename, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../base/log.ts'
import { type Appending, appending, refuseLittleRoom, type SnapshotSource } from './appending.ts'
import type { Ending, SnapshotPlace, Tail } from './file.ts'
import type { SnapshotOptions, Written } from './read.ts'

export interface SnapshotWriter {
  /** These records have changed, or are gone. */
  note(keys: Iterable<string>): void
  /** The store is not what it should be: the next start is to read all of it. */
  discard(): void
  /** Writes what is not written yet, if that does not take long. The store must not change any more. */
  close(): Promise<void>
}

/** Fewer are read from the store in the time that a process needs to begin. */
const FEWEST_RECORDS = 1000

const FIRST_MS = 5_000
const INTERVAL_MS = 60_000
/** After an attempt that failed. */
const RETRY_MS = 600_000
/** What was changed or deleted stays in a file no longer than this, and the time that it takes to begin a new one. */
const OLDEST_MS = 24 * 3600 * 1000
/** How many rows are added, at least, before a file is begun anew. */
const LEAST_ADDED = 10_000
/** Rows are made text at about 4 µs each: so long nothing else is done, and then others have their turn. */
const SLICE_ROWS = 100
const PAUSE_MS = 4
/** At a stop, after what requests under way have: `strongroom stop` waits for both. A start that finds no snapshot takes longer. */
const CLOSING_MS = 8_000
/** So long it is tried before it is said how long it would take. */
const TRIAL_MS = 1_000

export type WriterOptions = SnapshotOptions & {
  readonly source: SnapshotSource
  /** What was there at the start, if it was used. */
  readonly written: Written | undefined
}

/** From now on, until it is closed. */
export function createSnapshotWriter({ place, source, written, log }: WriterOptions): SnapshotWriter {
  let tail = written?.tail
  const changed = createChanged(written?.changed)
  let isWriting = false
  let failed = false
  let discarded = false
  const stop = createStop()
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> = Promise.resolve()
  const work: Work = {
    place,
    source,
    changed,
    async turn(left) {
      if (!stop.isBegun()) await sleep(PAUSE_MS)
      else if (stop.isTooShort(left)) throw LATE
    },
  }

  function later(ms: number): NodeJS.Timeout {
    clearTimeout(timer)
    return setTimeout(() => void run(), ms).unref()
  }

  async function write(): Promise<void> {
    const from = tail
    // What is taken to be written is lost when it is not, so there is nothing to go on from then.
    tail = undefined
    if (discarded || source.records().revisions.size < FEWEST_RECORDS) await rm(place.path, { force: true })
    else if (!from || isOld(from.ending, Date.now())) tail = await begin(work)
    else tail = changed.size() > 0 ? await goOn(work, from) : from
  }

  async function run(): Promise<void> {
    isWriting = true
    underWay = write().then(
      () => {
        failed = false
      },
      (err: unknown) => {
        if (!failed) tellUnwritten(log, place.path, err)
        failed = true
      },
    )
    await underWay
    isWriting = false
    if (!stop.isBegun()) timer = later(failed ? RETRY_MS : INTERVAL_MS)
  }

  timer = later(FIRST_MS)
  return {
    note(keys) {
      // Without a file to add to, all records are written the next time.
      if (tail || isWriting) changed.add(keys)
    },
    discard() {
      discarded = true
      clearTimeout(timer)
      void underWay.then(run)
    },
    async close() {
      clearTimeout(timer)
      stop.begin()
      failed = false
      await underWay
      await run()
    },
  }
}

const LATE = new Error('Writing all records would take longer than a stop may')

function tellUnwritten(log: Log, path: string, err: unknown): void {
  const what = err === LATE ? 'no snapshot is written' : 'no snapshot can be written'
  log('warn', { err, path }, `${what}: the next start will take longer`)
}

/** The end of the HSM, which does not wait for long. */
function createStop() {
  let since: number | undefined
  let done = 0
  return {
    begin() {
      since = performance.now()
    },
    isBegun: () => since !== undefined,
    /** Asked after each slice. @param left rows, which are thought to take as long as those since the stop began */
    isTooShort(left: number): boolean {
      done += SLICE_ROWS
      const ms = performance.now() - (since ?? Number.NaN)
      return ms > CLOSING_MS || (ms > TRIAL_MS && ms + (left * ms) / done > CLOSING_MS)
    },
  }
}

/** Keys of records. */
type Changed = {
  add(keys: Iterable<string>): void
  /** Those so far, and begins anew. */
  take(): ReadonlySet<string>
  size(): number
}

function createChanged(first: Iterable<string> | undefined): Changed {
  let changed = new Set(first)
  return {
    add(keys) {
      for (const key of keys) changed.add(key)
    },
    take() {
      const taken = changed
      changed = new Set()
      return taken
    },
    size: () => changed.size,
  }
}

type Work = {
  readonly place: SnapshotPlace
  readonly source: SnapshotSource
  readonly changed: Changed
  /** Others have their turn. Throws when there is no time to go on. @param left about as many rows are left */
  turn(left: number): Promise<void>
}

/** What was changed or deleted stands in a file as it was, so that is not to be much, nor for long. */
const isOld = ({ begun, firstRows, rows }: Ending, now: number): boolean =>
  rows - firstRows > Math.max(LEAST_ADDED, firstRows / 2) ||
  (rows > firstRows && Math.abs(now - begun) > OLDEST_MS)

/** A new file takes the place of the old one when it is whole. */
async function begin(work: Work): Promise<Tail> {
  const { place, source, changed } = work
  const { revisions } = source.records()
  const path = `${place.path}.new`
  await refuseLittleRoom(place.path, revisions.size)
  try {
    await using file = await appending(place, source, path)
    changed.take()
    await add(work, file, revisions)
    const tail = await finish(work, file, Date.now())
    await rename(path, place.path)
    return tail
  } finally {
    await rm(path, { force: true })
  }
}

/** Adds what has changed. */
async function goOn(work: Work, from: Tail): Promise<Tail> {
  const { place, source } = work
  await using file = await appending(place, source, place.path, from)
  return await finish(work, file, from.ending.begun, from.ending.firstRows)
}

async function add(
  { turn }: Work,
  file: Appending,
  keys: Pick<ReadonlySet<string>, 'keys' | 'size'>,
): Promise<void> {
  let rows = 0
  for (const key of keys.keys()) {
    file.put(key)
    rows += 1
    if (rows % SLICE_ROWS !== 0) continue
    await file.write()
    await turn(keys.size - rows)
  }
}

/** The last of what has changed, and the moment that it is true of, are taken in one stretch. */
async function finish(work: Work, file: Appending, begun: number, firstRows?: number): Promise<Tail> {
  const { changed, source } = work
  while (changed.size() > SLICE_ROWS) await add(work, file, changed.take())
  for (const key of changed.take()) file.put(key)
  const rows = file.rows()
  return file.end({ ...source.point(), begun, firstRows: firstRows ?? rows, rows })
}
