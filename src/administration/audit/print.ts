/** `strongroom audit`: reads journals from the running HSM, verifies their chains, and prints what is wanted of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditFilter } from '../../audit/filter.ts'
import { tell } from '../../base/standard-streams.ts'
import type { Credentials } from '../../cli/cluster-login.ts'
import type { JournalName } from '../../contract/operations/audit.ts'
import { visible } from '../../contract/shown.ts'
import type { Home } from '../../home/home.ts'
import type { AuditEntry } from '../../model/audit.ts'
import type { Outcome } from '../outcome.ts'
import { pagesOf } from './following.ts'
import {
  type Dropped,
  droppedMeanwhile,
  entriesIn,
  firstSince,
  inCluster,
  type Journal,
  type Page,
  type Reading,
  reading,
  refuseBeyond,
  titleOf,
  type Unreached,
} from './journals.ts'
import { type Format, render } from './lines.ts'
import { unknownNames } from './unknown-names.ts'

export type AuditOptions = {
  /** An admin. */
  readonly who: Credentials
  /** Left out: the HSM of this home; `all`: every one of the cluster. */
  readonly hsm: string | undefined
  readonly journal: JournalName
  readonly only: AuditFilter
  /** Only entries with a greater sequence. */
  readonly after: number | undefined
  readonly follow: boolean
  readonly format: Format
  readonly print: (text: string) => Promise<void>
}

/** How often it is asked for new entries. */
const FOLLOW_MS = 500

/** Prints page by page. @returns exit status 1 when a journal is not what was written, or cannot be read */
export const audit = (home: Home, options: AuditOptions): Promise<Outcome> =>
  inCluster(home, options.who, async (cluster) => {
    const { found, unreached } = await cluster.journals(options.journal, options.hsm)
    const several = options.hsm === 'all'
    refuseBeyond(found, options.after)
    const readers = await Promise.all(found.map((journal) => reader(journal, options)))
    let printed = 0
    const print = (entries: readonly AuditEntry[]) => {
      printed += entries.length
      return options.print(entries.map((entry) => render(entry, options.format, several)).join(''))
    }
    await printMerged(readers, fill, print)
    if (printed === 0) await tell(await unknownNames(cluster, options.only))
    await tell(readers.map((one) => verified(one)).join('') + unreached.map(missing).join(''))
    while (options.follow) {
      await sleep(FOLLOW_MS)
      await printMerged(readers, fillSoon, print)
    }
    // Of what can never be read here, something else was asked for, too.
    const isWhole = unreached.every(({ isOfOriginal }) => isOfOriginal && found.length > 0)
    return { exit: isWhole ? 0 : 1, text: '' }
  })

type Reader = {
  readonly journal: Journal
  readonly reading: Reading
  readonly page: () => Promise<Page>
  /** What is under way. */
  filling: Promise<void> | undefined
  waiting: readonly AuditEntry[]
  done: boolean
}

async function reader(journal: Journal, { only, after, follow }: AuditOptions): Promise<Reader> {
  const { head } = journal
  const asked = after === undefined ? head.first : Math.max(head.first, after + 1)
  const first = Math.max(asked, only.since === undefined ? 0 : await firstSince(journal, only.since))
  const wanted = Object.values(only).some((value) => value !== undefined) ? only : undefined
  const previous = first === head.first ? head.previous : undefined
  const dropped = (entries: Dropped) => tell(droppedMeanwhile(journal, entries))
  if (after !== undefined && after + 1 < head.first) await dropped({ from: after + 1, to: head.first - 1 })
  const read = reading(journal, first, previous, wanted, dropped)
  const page = follow && journal.isElsewhere ? pagesOf(journal, read, tell) : read.page
  return { journal, reading: read, page, filling: undefined, waiting: [], done: false }
}

/** One timeline of all journals, as far as they go now. Each keeps its own order, whatever its clock did. */
async function printMerged(
  readers: readonly Reader[],
  ask: (one: Reader) => Promise<void>,
  print: (entries: readonly AuditEntry[]) => Promise<void>,
) {
  for (const one of readers) one.done = false
  for (;;) {
    await Promise.all(readers.map(ask))
    const batch = takeMerged(readers)
    if (batch.length === 0) return
    await print(batch)
  }
}

async function fill(one: Reader): Promise<void> {
  while (one.waiting.length === 0 && !one.done) {
    const { entries, read } = await one.page()
    one.waiting = entries
    one.done = read === 0
  }
}

/** Nobody waits longer than a moment for another HSM, which may hang: it is asked on, and what it answers is printed later. */
async function fillSoon(one: Reader): Promise<void> {
  one.filling ??= fill(one).then(() => {
    one.filling = undefined
  })
  await (one.journal.isElsewhere ? Promise.race([one.filling, sleep(FOLLOW_MS)]) : one.filling)
}

/** The oldest first, until a reader that has more has to be asked again. */
function takeMerged(readers: readonly Reader[]): readonly AuditEntry[] {
  const taken: AuditEntry[] = []
  const places = readers.map((one) => ({ one, at: 0 }))
  for (;;) {
    const candidates = places.flatMap(({ one, at }, index) => {
      const entry = one.waiting[at]
      return entry ? [{ entry, index }] : []
    })
    const [oldest] = candidates.toSorted((a, b) => a.entry.at - b.entry.at)
    if (!oldest) break
    taken.push(oldest.entry)
    const place = places[oldest.index]
    if (!place) break
    place.at += 1
    if (place.at === place.one.waiting.length && !place.one.done) break
  }
  for (const { one, at } of places) one.waiting = one.waiting.slice(at)
  return taken
}

const verified = ({ journal: { hsm, name }, reading }: Reader): string =>
  `chain verified, ${entriesIn(reading.verified())}, HSM ${hsm}${name === 'management' ? '' : ', key-use journal'}\n`

/** The sentence about an HSM whose journal could not be read. */
export const missing = ({ hsm, name, why }: Unreached): string =>
  visible(`strongroom: the ${titleOf(name)} of ${hsm} was not read: ${why}\n`)
