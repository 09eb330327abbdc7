/** `strongroom audit export` and `strongroom audit key`. */
import type { Credentials } from '../../cli/cluster-login.ts'
import { HsmError } from '../../contract/errors.ts'
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
    const { hsm, name } = journal
    const statement = await journal.call('audit.statement', {
      ...{ hsm, journal: name },
      first: await firstWanted(journal, options),
    })
    const isWhole = await printEntries(journal, statement, options.print)
    if (!isWhole) return failed(`The ${titleOf(name)} of ${hsm} does not end as its head says`)
    await options.print(`${JSON.stringify(statement)}\n`)
    const text = `exported ${entriesIn(statement.count - statement.first)} and the signed statement, HSM ${hsm}\n`
    return { exit: 0, text, aside: true }
  })

async function firstWanted(journal: Journal, { since, after }: ExportOptions): Promise<number> {
  const young = since === undefined ? 0 : await firstSince(journal, since)
  return Math.max(young, after === undefined ? 0 : after + 1)
}

/** @returns whether they end as the statement says */
async function printEntries(
  journal: Journal,
  { first, previous, count, hash }: Statement,
  print: ExportOptions['print'],
): Promise<boolean> {
  const read = reading(journal, first, previous, undefined, ({ from, to }) => {
    const which = `Entries ${from} to ${to} of the ${titleOf(journal.name)} of ${journal.hsm}`
    throw new HsmError(
      'busy',
      `${which} were dropped before they were exported, as the audit policy says; export again`,
    )
  })
  let last: string | undefined
  for (let next = first; next < count; ) {
    const { entries } = await read.page()
    const some = entries.filter(({ sequence }) => sequence < count)
    if (some.length === 0) return false
    await print(some.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    last = some.at(-1)?.hash
    next += some.length
  }
  return first === count || last === hash
}

/** `strongroom audit key`: Ed25519 SubjectPublicKeyInfo in PEM, on standard output. */
export const publicKey = (home: Home, who: Credentials): Promise<Outcome> =>
  inCluster(home, who, async ({ call }) => ({ exit: 0, text: (await call('audit.key', {}))['public-key'] }))
