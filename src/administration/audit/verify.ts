/** `strongroom audit verify`: every entry of a live journal, or of an export on a machine without an HSM. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { checkExport } from '../../audit/check-export.ts'
import { exportLines } from '../../audit/export-lines.ts'
import { isSystemError, naming } from '../../base/reasons.ts'
import { tell } from '../../base/standard-streams.ts'
import type { Credentials } from '../../cli/cluster-login.ts'
import { HsmError } from '../../contract/errors.ts'
import { JOURNALS } from '../../contract/operations/audit.ts'
import { visible } from '../../contract/shown.ts'
import type { Home } from '../../home/home.ts'
import { done, failed, type Outcome } from '../outcome.ts'
import { inputNamed, readSmall } from '../small-file.ts'
import {
  droppedMeanwhile,
  entriesIn,
  inCluster,
  type Journal,
  reading,
  titleOf,
  type Unreached,
} from './journals.ts'
import { missing } from './print.ts'

/** Both journals, from the first entry that is kept to the head that the store or the HSM says. */
export const verifyLive = (home: Home, who: Credentials, hsm: string | undefined): Promise<Outcome> =>
  inCluster(home, who, async (cluster) => {
    const lines: string[] = []
    const problems: string[] = []
    for (const name of JOURNALS) {
      const { found, unreached } = await cluster.journals(name, hsm)
      await tell(unreached.filter(isOfOriginal).map(missing).join(''))
      problems.push(...unreached.filter((one) => !isOfOriginal(one)).map(missing))
      for (const journal of found) await verifyOne(journal, lines, problems)
    }
    const text = `${lines.join('')}${problems.join('')}`
    return problems.length > 0 ? { exit: 1, text } : { exit: 0, text }
  })

const isOfOriginal = (one: Unreached): boolean => one.isOfOriginal === true

async function verifyOne(journal: Journal, lines: string[], problems: string[]): Promise<void> {
  const { hsm, name, head } = journal
  let { first } = head
  const read = reading(journal, first, head.previous, undefined, (entries) => {
    first = entries.to + 1
    return tell(droppedMeanwhile(journal, entries))
  })
  try {
    let hash: string | undefined
    for (;;) {
      const page = await read.page()
      if (page.read === 0) break
      const last = page.entries.find(({ sequence }) => sequence === head.count - 1)
      hash = last?.hash ?? hash
    }
    const isWhole = head.count <= first || hash === head.hash
    if (!isWhole) problems.push(`strongroom: the ${titleOf(name)} of ${hsm} does not end as its head says\n`)
    else
      lines.push(
        `${titleOf(name)}: chain verified, ${entriesIn(read.verified())}${from(first)}, HSM ${hsm}\n`,
      )
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    problems.push(visible(`strongroom: ${hsm}: ${error.message}\n`))
  }
}

const from = (first: number): string => (first === 0 ? '' : ` from ${first} on, older ones are dropped`)

/** @param file of the export, `-` for standard input @param keyFile with the public key of the cluster, PEM, likewise */
export async function verifyFile(file: string, keyFile: string): Promise<Outcome> {
  const key = await publicKey(keyFile)
  const bytes: AsyncIterable<Buffer> = file === '-' ? process.stdin : createReadStream(file)
  const verdict = await checkExport(exportLines(bytes), key).catch((error: unknown) => {
    throw naming(file, error)
  })
  if (!verdict.ok) {
    const where = verdict.line === undefined ? '' : `, line ${verdict.line}`
    return failed(`${inputNamed(file)}${where}: ${verdict.why}`)
  }
  const { statement, entries } = verdict
  const { cluster, hsm, journal, first, at } = statement
  return done(
    [
      `chain verified, ${entriesIn(entries)}, HSM ${hsm}`,
      `${titleOf(journal)} of cluster ${cluster}, ${begins(first)}, as of ${new Date(at).toISOString()}`,
    ].join('\n'),
  )
}

const begins = (first: number): string => (first === 0 ? 'from its first entry' : `from entry ${first} on`)

async function publicKey(file: string): Promise<KeyObject> {
  try {
    return createPublicKey(await readSmall(file))
  } catch (cause) {
    if (isSystemError(cause)) throw cause
    const hint = '--key takes what strongroom audit key prints, and FILE an export'
    throw new HsmError('invalid-request', `${inputNamed(file)} has no public key: ${hint}`, { cause })
  }
}
