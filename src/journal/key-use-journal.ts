/** Who used which key, as far as the audit policy asks for it: the journal of one HSM, in files of its home. */
import { createKeyedQueue } from '../base/keyed-queue.ts'
import { type AuditPolicy, DEFAULT_AUDIT_POLICY } from '../contract/audit-policy.ts'
import type { AuditEntry, AuditEvent } from '../model/audit.ts'
import type { JournalHead } from '../model/records.ts'
import { createLog, type Log, type LogNeeds } from './log.ts'
import { createReader } from './reader.ts'
import { recover } from './recovery.ts'
import { createSampler } from './sampling.ts'
import type { Place } from './segments.ts'

export interface KeyUseJournal {
  /** Whether uses are recorded at all: whoever asks first need not make an event for nothing. */
  isOn(): boolean
  /** To be called before a use. @throws HsmError `journal-full` when the policy refuses what could not be recorded */
  checkRoom(): void
  /**
   * Takes an event in.
   *
   * @returns undefined when the result may be released; else a promise that resolves when it may, and rejects with HsmError
   *   `journal-full` when the event is not on disk
   */
  record(event: AuditEvent): Promise<void> | undefined
  /** Undefined when there was never an entry. */
  head(): JournalHead | undefined
  /**
   * At most so many entries from `first` on, up to the head; from the oldest that is kept when that is a later one.
   *
   * @throws HsmError `store-damaged` naming the first entry that is missing or not what was written
   */
  read(first: number, count: number): Promise<readonly AuditEntry[]>
  /** Writes and anchors what there is. */
  close(): Promise<void>
}

export type KeyUseNeeds = {
  readonly place: Place
  readonly policy: () => AuditPolicy | undefined
  /** Unix time in milliseconds. */
  readonly now: () => number
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  /** The head that the store remembers. */
  readonly anchored: () => JournalHead | undefined
  /** Commits a head to the store. */
  readonly anchor: (head: JournalHead) => Promise<void>
  readonly log: (level: 'warn' | 'error', fields: Readonly<Record<string, unknown>>, message: string) => void
}

/** How often entries that nobody waits for are brought to disk, and how often the store is told of them. */
const TIDY_MS = 1000
const ANCHOR_MS = 60_000
/** Failures are told at most so often. */
const TELL_MS = 10_000

/**
 * Recovers what is in the files, and goes on behind it.
 *
 * @returns `damage`: what was wrong with them, if anything
 */
export async function openKeyUseJournal(
  needs: KeyUseNeeds,
): Promise<KeyUseJournal & { readonly damage: string | undefined }> {
  const { place, monotonic, anchored, now } = needs
  const recovered = await recover(place, anchored())
  const { torn, damage } = recovered
  if (torn > 0)
    needs.log(
      'warn',
      { bytes: torn },
      'the end of the key-use journal was not written whole, and was cut off',
    )
  if (damage !== undefined) needs.log('error', { problem: damage }, 'the key-use journal is damaged')
  const policy = () => needs.policy() ?? DEFAULT_AUDIT_POLICY
  const onFailure = createComplaints(needs)
  const queue = createKeyedQueue()
  const inTurn = (work: () => Promise<void>) => queue.run(place.hsm, work)
  const log = createLog({ place, retention: policy, now, onFailure, anchor: needs.anchor, inTurn }, recovered)
  const sampler = createSampler(monotonic)
  const reader = createReader(place)
  const upkeep = startUpkeep({ ...needs, inTurn }, log, () => append(sampler.due()))
  const append = (events: readonly AuditEvent[], awaited?: AuditEvent) => {
    for (const event of events) log.append(event, event === awaited)
  }
  return {
    damage,
    isOn: () => policy().keyUse !== 'off',
    checkRoom() {
      if (policy().keyUse !== 'off' && policy().onFull === 'refuse') log.checkRoom()
    },
    record(event) {
      const { keyUse, onFull } = policy()
      if (keyUse === 'off') return undefined
      const isUse = event.outcome === 'ok'
      append(keyUse === 'all' && isUse ? [event] : sampler.note(event), isUse ? event : undefined)
      return onFull === 'refuse' ? log.durable() : undefined
    },
    head: log.head,
    async read(first, count) {
      log.flush()
      for (;;) {
        const head = log.head()
        if (!head) return []
        try {
          return await reader.read(head, first, count)
        } catch (error) {
          // What was read may have been dropped meanwhile.
          if (log.head()?.first === head.first) throw error
        }
      }
    },
    async close() {
      append(sampler.all())
      await log.tidy()
      await log.close()
      await upkeep.close()
    },
  }
}

type UpkeepNeeds = KeyUseNeeds & Pick<LogNeeds, 'inTurn'>

function startUpkeep(
  { anchor, anchored, monotonic, inTurn, log: tell }: UpkeepNeeds,
  log: Log,
  due: () => void,
) {
  let anchoredAt = monotonic()
  let running: Promise<void> | undefined
  async function anchorHead(): Promise<void> {
    const head = log.head()
    if (!head || head.count === anchored()?.count) return
    try {
      await anchor(head)
    } catch (err) {
      tell('warn', { err }, 'the head of the key-use journal could not be stored; this is tried again')
    }
  }
  async function once(): Promise<void> {
    due()
    await log.tidy()
    // That there is a journal is told at once, so that it cannot go unnoticed as a whole.
    if (anchored() !== undefined && monotonic() - anchoredAt < ANCHOR_MS) return
    anchoredAt = monotonic()
    await inTurn(anchorHead)
  }
  const timer = setInterval(() => {
    running ??= once().finally(() => {
      running = undefined
    })
  }, TIDY_MS)
  timer.unref()
  return {
    async close() {
      clearInterval(timer)
      await running
      await inTurn(anchorHead)
    },
  }
}

function createComplaints({ log, monotonic }: KeyUseNeeds) {
  let entries = 0
  let toldAt = Number.NEGATIVE_INFINITY
  return (err: unknown, lost: number) => {
    entries += lost
    if (monotonic() - toldAt < TELL_MS) return
    toldAt = monotonic()
    log('error', { err, entries }, 'entries of the key-use journal could not be written')
    entries = 0
  }
}
