/** Where the entries of the two journals are read from. */
import { setImmediate as letOthers } from 'node:timers/promises'
import { EMPTY_JOURNAL } from '../../audit/chain.ts'
import { HsmError } from '../../contract/errors.ts'
import type { JournalName } from '../../contract/operations/audit.ts'
import { shown } from '../../contract/shown.ts'
import type { AuditEntry } from '../../model/audit.ts'
import type { JournalHead } from '../../model/records.ts'
import type { Parts } from '../parts.ts'
import { auditHead } from './auditing.ts'

/** One journal of one HSM. */
export type JournalPlace = { readonly hsm: string; readonly journal: JournalName }

/** @throws HsmError `store-damaged` naming the entry that is missing or not what was written; `invalid-request` when it is elsewhere */
export async function readJournal(
  parts: Parts,
  { hsm, journal }: JournalPlace,
  first: number,
  count: number,
): Promise<readonly AuditEntry[]> {
  if (journal === 'management') return readInParts(parts, hsm, first, count)
  return (await keyUseJournal(parts, hsm)?.read(first, count)) ?? []
}

/** Entries that are opened in one stretch of code: others wait for no more than that. */
const AT_ONCE = 100

async function readInParts(
  { store }: Parts,
  hsm: string,
  first: number,
  count: number,
): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = []
  while (entries.length < count) {
    const wanted = Math.min(AT_ONCE, count - entries.length)
    const some = await store.audit(hsm, first + entries.length, wanted)
    entries.push(...some)
    if (some.length < wanted) break
    await letOthers()
  }
  return entries
}

/** Where a journal begins and how far it goes now. @throws HsmError as `readJournal` does */
export function headOf(parts: Parts, { hsm, journal }: JournalPlace): JournalHead {
  if (journal === 'key-use') return keyUseJournal(parts, hsm)?.head() ?? EMPTY_JOURNAL
  const { count, hash } = auditHead(parts.store.catalog, hsm) ?? EMPTY_JOURNAL
  return { ...EMPTY_JOURNAL, count, hash }
}

/** The files of another HSM are in its home. */
function keyUseJournal({ hsm: self, keyUseJournal: own }: Parts, hsm: string): Parts['keyUseJournal'] {
  if (hsm === self.id) return own
  throw new HsmError(
    'invalid-request',
    `The key-use journal of ${shown(hsm)} is in its home, and is read through that HSM`,
  )
}
