import { FIRST_PREVIOUS } from '../../audit/canonical.ts'
import { verifyEntries } from '../../audit/chain.ts'
import { matching } from '../../audit/filter.ts'
import { HsmError } from '../../contract/errors.ts'
import type { Reply } from '../../contract/operations.ts'
import type { AuditEntry } from '../../model/audit.ts'
import type { JournalHead } from '../../model/records.ts'
import { headOf, readJournal } from '../journal/reading.ts'
import { answer } from '../pipeline/pipeline.ts'

/**
 * Whoever reads it all can check the chain, and the store has checked each entry's seal and place. Who asks for some of the entries gets
 * only those, so the HSM checks the chain of what it reads, and tells its ends.
 */
export const auditList = answer<'audit.list'>({
  async work({ view }, { hsm, journal, first, count, only }, { parts }) {
    const place = { hsm: hsm ?? parts.hsm.id, journal }
    const entries = await readJournal(parts, place, first, count)
    if (only) check(entries)
    const wanted = only ? entries.filter(matching(only, (label) => view.keysByLabel(label))) : entries
    return {
      // What the reply says of lists, that they can be changed, the entries do not mean.
      entries: [...wanted] as unknown as Reply<'audit.list'>['entries'],
      ...ends(entries, first, headOf(parts, place)),
    }
  },
})

/** Without an entry, there is none from `wanted` on, or from where the journal begins now. */
function ends(entries: readonly AuditEntry[], wanted: number, head: JournalHead) {
  const [oldest, newest] = [entries[0], entries.at(-1)]
  if (oldest && newest) {
    return { first: oldest.sequence, next: newest.sequence + 1, previous: oldest.previous, hash: newest.hash }
  }
  const isDropped = wanted < head.first
  const first = isDropped ? head.first : wanted
  const hash = isDropped ? head.previous : FIRST_PREVIOUS
  return { first, next: first, previous: hash, hash }
}

function check(entries: readonly AuditEntry[]): void {
  const broken = verifyEntries(entries, entries[0]?.previous)
  if (!broken) return
  throw new HsmError('store-damaged', `The journal is damaged at entry ${broken.sequence}: ${broken.why}`)
}
