/** `strongroom audit`: reads the audit log from the running HSM, checks the chain, and prints it. */
import { verifyEntries } from '../audit/chain.ts'
import type { Credentials } from '../cli/seats.ts'
import type { Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import type { AuditEntry } from '../model/audit.ts'
import type { Home } from './home.ts'
import { loggedIn } from './logged-in.ts'
import { failed, type Outcome } from './outcome.ts'

type Options = {
  /** An admin. */
  readonly who: Credentials
  /** One JSON object a line instead of columns. */
  readonly json: boolean
  readonly print: (text: string) => void
}

/** Prints page by page. @returns exit status 1 when the log is not what was written */
export const audit = (home: Home, { who, json, print }: Options): Promise<Outcome> =>
  loggedIn(home, who, async (hsm, token) => {
    let last: AuditEntry | undefined
    for await (const entries of pages(hsm, token)) {
      const broken = verifyEntries(entries, last?.hash)
      if (broken) return failed(`The audit log is damaged at entry ${broken.sequence}: ${broken.why}`)
      for (const entry of entries) print(`${json ? JSON.stringify(entry) : line(entry)}\n`)
      last = entries.at(-1)
    }
    return { exit: 0, text: '' }
  })

async function* pages(hsm: Hsm, token: string): AsyncGenerator<readonly AuditEntry[]> {
  for (let first = 0; ; first += LIMITS.auditEntries) {
    const { entries } = await hsm.call('audit.list', { first, count: LIMITS.auditEntries }, token)
    if (entries.length > 0) yield entries
    if (entries.length < LIMITS.auditEntries) return
  }
}

const line = ({ at, sequence, actor, operation, outcome, subjects }: AuditEntry): string =>
  [new Date(at).toISOString(), sequence, actor, operation, outcome, ...subjects].join('  ')
