/** `strongroom audit export` and `strongroom audit key`. */
import type { Credentials } from '../../cli/cluster-login.ts'
import type { JournalName, Statement } from '../../contract/operations/audit.ts'
import type { Home } from '../../home/home.ts'
import { failed, type Outcome } from '../outcome.ts'
import { entriesIn, firstSince, inCluster, type Journal, reading, refuseBeyond, titleOf } from './journals.ts'
import { missing } from './print.ts'

export type ExportOptions = {
  /** An admin. */
  readonly who: Credentials
  readonly hsm: string | undefined
  readonly journal: JournalName
  /** Only entries with a greater sequence. */
  readonly after: number | undefined
  /** Only entries that may be so young: Unix time in milliseconds. */
  readonly since: number | undefined
  readonly print: (text: string) => Promise<void>
}

/** JSON Lines: the entries, and the signed statement of where they begin and end. The last line is missing when something fails. */
export const exportJournal = (home: Home, options: ExportOptions): Promise<Outcome> =>
  inCluster(home, options.who, async (cluster) => {
    const { found, unreached } = await cluster.journals(options.journal, options.hsm)
    const [journal] = found
    if (!journal) return { exit: 1, text: unreached.map(missing).join('') }
    refuseBeyond(found, options.after)
    return exportOf(journal, options, ATTEMPTS)
  })

/** Entries may be dropped before the first of them is read. */
const ATTEMPTS = 5

/** @param attempts how often it may begin, while nothing is printed */
async function exportOf(journal: Journal, options: ExportOptions, attempts: number): Promise<Outcome> {
  const { hsm, name } = journal
  const statement = await journal.call('audit.statement', {
    ...{ hsm, journal: name },
    first: await firstWanted(journal, options),
  })
  const end = await printEntries(journal, statement, options.print)
  if (end === 'unbegun' && attempts > 1) return exportOf(journal, options, attempts - 1)
  if (end !== 'whole') return failed(`The ${titleOf(name)} of ${hsm} ${WHY[end]}`)
  await options.print(`${JSON.stringify(statement)}\n`)
  const text = `exported ${entriesIn(statement.count - statement.first)} and the signed statement, HSM ${hsm}\n`
  return { exit: 0, text, on: 'stderr' }
}

async function firstWanted(journal: Journal, { since, after }: ExportOptions): Promise<number> {
  const young = since === undefined ? 0 : await firstSince(journal, since)
  return Math.max(young, after === undefined ? 0 : after + 1)
}

const DROPPED = 'has dropped entries before they were exported, as the audit policy says; export again'
const WHY = { unbegun: DROPPED, dropped: DROPPED, broken: 'does not end as its head says' } as const

/** @returns `unbegun` and `dropped`: the HSM let go of entries before and after the first one was printed; `broken`: the end is another */
async function printEntries(
  journal: Journal,
  { first, previous, count, hash }: Statement,
  print: ExportOptions['print'],
): Promise<'whole' | keyof typeof WHY> {
  let isDropped = false
  const read = reading(journal, first, previous, undefined, () => {
    isDropped = true
  })
  let last: string | undefined
  for (let next = first; next < count; ) {
    const { entries } = await read.page()
    if (isDropped) return last === undefined ? 'unbegun' : 'dropped'
    const some = entries.filter(({ sequence }) => sequence < count)
    if (some.length === 0) return 'broken'
    await print(some.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    last = some.at(-1)?.hash
    next += some.length
  }
  return first === count || last === hash ? 'whole' : 'broken'
}

/** `strongroom audit key`: Ed25519 SubjectPublicKeyInfo in PEM, on standard output. */
export const publicKey = (home: Home, who: Credentials): Promise<Outcome> =>
  inCluster(home, who, async ({ call }) => ({ exit: 0, text: (await call('audit.key', {}))['public-key'] }))
