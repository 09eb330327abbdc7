/**
 * The key-use journal of one HSM: a chain of entries in segments. Entries of one turn of the event loop are one frame, and all that wait
 * for the disk wait together. Whoever does not ask for an entry to be durable waits for nothing.
 */
import { HsmError } from '../contract/errors.ts'
import type { AuditEvent } from '../model/audit.ts'
import type { JournalHead } from '../model/records.ts'
import { follow, type Tail } from './entries.ts'
import { createKeptFiles, type KeptFiles } from './kept-files.ts'
import { createOutput, type Output } from './output.ts'
import type { Recovered } from './recovery.ts'
import { type Retention, segmentBytes } from './retention.ts'
import { FRAME_BYTES } from './segment.ts'
import type { Place } from './segments.ts'

export type LogNeeds = {
  readonly place: Place
  readonly retention: () => Retention
  /** Unix time in milliseconds. */
  readonly now: () => number
  /** Told of what could not be written, or dropped. @param entries that are lost */
  readonly onFailure: (error: unknown, entries: number) => void
  /** Commits the head to the store, before what it leaves out is removed. */
  readonly anchor: (head: JournalHead) => Promise<void>
  /** Runs what anchors a head when others that do have ended. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>
}

export interface Log {
  /** Undefined before the first entry. Counts entries that are handed to the operating system. */
  head(): JournalHead | undefined
  /**
   * The entry is handed to the operating system at the end of this turn of the event loop at the latest.
   *
   * @param isAwaited whether the use has no result when the entry is not on disk: then it is refused, and not lost
   */
  append(event: AuditEvent, isAwaited: boolean): void
  /** Hands over now what waits. */
  flush(): void
  /** Resolves when all that was appended is on disk. Rejects with HsmError `journal-full` when some of it is not. */
  durable(): Promise<void>
  /** @throws HsmError `journal-full` when another entry would be more than the policy allows */
  checkRoom(): void
  /** Brings what was written to disk, and drops what is not kept any more. */
  tidy(): Promise<void>
  close(): Promise<void>
}

export function createLog(needs: LogNeeds, recovered: Recovered): Log {
  const { place, retention, now, onFailure } = needs
  const waiting = createWaiting(place.hsm, recovered.tail)
  let synced = recovered.tail.count
  let scheduled = false
  const kept = createKeptFiles(
    { ...needs, written: waiting.written, waiting: waiting.bytes, onFailure: (error) => onFailure(error, 0) },
    recovered,
  )
  const output = createOutput({ place, retention, now, kept }, recovered)
  const isFull = (bytes: number) => kept.bytes() + bytes > limit(retention())
  const lose = (error: unknown) => {
    onFailure(error, waiting.failed(retention().onFull === 'refuse'))
    durability.note(error)
    void kept.drop()
  }
  const { write, idle } = createWriting({ retention, waiting, kept, output, isFull, lose })
  const durability = createDurability(write, output)

  return {
    head: () => {
      const { count, hash } = waiting.written()
      const begin = kept.begin() ?? (count > 0 ? { first: count, previous: hash } : undefined)
      return begin && { ...begin, count, hash }
    },
    append(event, isAwaited) {
      waiting.add(event, isAwaited)
      if (waiting.bytes() >= FRAME_BYTES) return void write()
      if (scheduled) return
      scheduled = true
      setImmediate(() => {
        scheduled = false
        write()
      })
    },
    flush: () => void write(),
    durable: durability.wait,
    checkRoom() {
      if (!isFull(waiting.bytes() + LARGE_ENTRY)) return
      void kept.drop()
      throw new HsmError('journal-full')
    },
    async tidy() {
      write()
      await idle()
      const { count } = waiting.written()
      if (count !== synced) await output.sync().catch((error: unknown) => onFailure(error, 0))
      synced = count
      await kept.drop()
    },
    async close() {
      write()
      await idle()
      await durability.idle()
      await kept.drop()
      output.close()
    },
  }
}

type WritingNeeds = {
  readonly retention: () => Retention
  readonly waiting: Waiting
  readonly kept: Pick<KeptFiles, 'makeRoom'>
  readonly output: Pick<Output, 'write'>
  readonly isFull: (bytes: number) => boolean
  /** Gives up what waits. */
  readonly lose: (error: unknown) => void
}

/** Hands over what waits. With `drop-oldest`, what has no room is kept waiting while room is made for it. */
function createWriting({ retention, waiting, kept, output, isFull, lose }: WritingNeeds) {
  let makingRoom: Promise<void> | undefined

  function attempt(): unknown {
    try {
      if (isFull(waiting.bytes())) throw full(retention())
      output.write(waiting.written(), waiting.texts())
      waiting.done()
      return undefined
    } catch (error) {
      return error
    }
  }
  async function makeRoom(reason: unknown): Promise<void> {
    await kept.makeRoom(isNoSpace(reason))
    makingRoom = undefined
    const error = waiting.bytes() > 0 ? attempt() : undefined
    if (error !== undefined) lose(error)
  }
  return {
    /** @returns why it could not be written, and is lost */
    write(): unknown {
      const isPatient = retention().onFull === 'drop-oldest' && waiting.bytes() < PATIENT_BYTES
      if (waiting.bytes() === 0 || (makingRoom && isPatient)) return undefined
      const error = attempt()
      if (error === undefined) return undefined
      if (isPatient) makingRoom = makeRoom(error)
      else lose(error)
      return isPatient ? undefined : error
    },
    idle: async () => makingRoom,
  }
}

type Waiting = ReturnType<typeof createWaiting>

/** Entries that are not handed over yet. Their places in the chain are given again when they cannot be. */
function createWaiting(hsm: string, begin: Tail) {
  let written = begin
  let tail = begin
  let texts: string[] = []
  let bytes = 0
  let awaited = 0
  let lost = 0
  return {
    /** Of what is handed over. */
    written: () => written,
    texts: (): readonly string[] => texts,
    bytes: () => bytes,
    add(event: AuditEvent, isAwaited: boolean): void {
      const next = follow(tail, hsm, lost > 0 && bytes === 0 ? { ...event, lost } : event)
      tail = next.tail
      texts.push(next.text)
      bytes += next.text.length + 1
      if (isAwaited) awaited += 1
    },
    done(): void {
      written = tail
      lost = 0
      awaited = 0
      texts = []
      bytes = 0
    },
    /** @returns how many could not be written */
    failed(isRefused: boolean): number {
      const count = texts.length
      tail = written
      lost += isRefused ? count - awaited : count
      awaited = 0
      texts = []
      bytes = 0
      return count
    },
  }
}

const LARGE_ENTRY = 2048
/** So much waits at most for room. */
const PATIENT_BYTES = 4 * FRAME_BYTES

const full = ({ onFull }: Retention): HsmError =>
  onFull === 'refuse'
    ? new HsmError('journal-full')
    : new HsmError('journal-full', 'The key-use journal is full, and the oldest entries could not be dropped')

/** While the oldest entries are being dropped, new ones have to go somewhere. */
const limit = (policy: Retention): number =>
  policy.maxBytes + (policy.onFull === 'drop-oldest' ? segmentBytes(policy) : 0)

const isNoSpace = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')

const asFull = (cause: unknown): HsmError =>
  cause instanceof HsmError
    ? cause
    : new HsmError('journal-full', 'The key-use journal cannot be written; see the log of the HSM', { cause })

type Waiter = { readonly resolve: () => void; readonly reject: (error: HsmError) => void }

/** Everything that waits when a write to disk begins shares it, and so on until nobody waits. */
function createDurability(write: () => unknown, output: Pick<Output, 'sync'>) {
  let waiters: Waiter[] = []
  let running: Promise<void> | undefined
  /** What was appended since the last round began, and could not be written. */
  let failure: unknown

  async function run(): Promise<void> {
    while (waiters.length > 0) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      const round = waiters
      waiters = []
      const unwritten = write() ?? failure
      failure = undefined
      const error =
        unwritten ??
        (await output.sync().then(
          () => undefined,
          (cause: unknown) => cause,
        ))
      for (const { resolve, reject } of round) error === undefined ? resolve() : reject(asFull(error))
    }
    running = undefined
  }
  return {
    note(error: unknown): void {
      failure ??= error
    },
    wait: () =>
      new Promise<void>((resolve, reject) => {
        waiters.push({ resolve, reject })
        running ??= run()
      }),
    idle: async () => running,
  }
}
