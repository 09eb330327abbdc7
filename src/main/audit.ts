/** `strongroom audit`: reads the audit log from the running HSM, checks the chain, and prints it. */

import { loggedIn } from '../administration/logged-in.ts'
import { failed, type Outcome } from '../administration/outcome.ts'
import { verifyEntries } from '../audit/chain.ts'
import type { Credentials } from '../cli/cluster-login.ts'
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import { shown, visible } from '../contract/shown.ts'
import type { Home } from '../home/home.ts'
import type { AuditEntry } from '../model/audit.ts'

type Options = {
  /** An admin. */
  readonly who: Credentials
  /** Whose log; left out, that of the HSM that runs. */
  readonly hsmId: string | undefined
  /** One JSON object a line instead of columns. */
  readonly json: boolean
  readonly print: (text: string) => Promise<void>
}

/** Prints page by page. @returns exit status 1 when the log is not what was written */
export const audit = (home: Home, { who, hsmId, json, print }: Options): Promise<Outcome> =>
  loggedIn(home, who, async (hsm, token) => {
    let last: AuditEntry | undefined
    for await (const entries of pages(hsm, token, hsmId)) {
      const broken = verifyEntries(entries, last?.hash)
      if (broken) return failed(`The audit log is damaged at entry ${broken.sequence}: ${broken.why}`)
      await print(entries.map((entry) => `${visible(json ? JSON.stringify(entry) : line(entry))}\n`).join(''))
      last = entries.at(-1)
    }
    return { exit: 0, text: '' }
  })

async function* pages(
  hsm: Hsm,
  token: string,
  hsmId: string | undefined,
): AsyncGenerator<readonly AuditEntry[]> {
  for (let first = 0; ; first += LIMITS.auditEntries) {
    const request = { first, count: LIMITS.auditEntries, ...(hsmId !== undefined && { hsm: hsmId }) }
    const { entries } = await hsm.call('audit.list', request, token)
    if (entries.length > 0) yield entries
    else if (first === 0 && hsmId !== undefined) throw noLog(hsmId)
    if (entries.length < LIMITS.auditEntries) return
  }
}

const noLog = (hsmId: string) =>
  new HsmError('invalid-request', `There is no audit log of ${shown(hsmId)} here`)

const line = ({ at, sequence, actor, operation, outcome, subjects, leftOut }: AuditEntry): string => {
  const before = leftOut === undefined ? [] : [`(and ${leftOut} before it)`]
  return [new Date(at).toISOString(), sequence, actor, operation, outcome, ...subjects, ...before].join('  ')
}
