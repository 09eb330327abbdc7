/** What the store remembers of the key-use journal of an HSM, so that neither its end nor its beginning can be cut off unnoticed. */
import { startOf } from '../../audit/chain.ts'
import type { CatalogView } from '../../catalog/catalog.ts'
import type { OtherAudited } from '../../contract/audited-operations.ts'
import type { JournalHead } from '../../model/records.ts'
import type { Store } from '../../store/store.ts'
import { appendAll, auditHead } from './auditing.ts'

/** How far the key-use journal of the HSM goes, as far as the store knows. */
export const anchored = (view: CatalogView, hsm: string): JournalHead | undefined =>
  auditHead(view, hsm)?.keyUse

/**
 * Commits the head of the key-use journal.
 *
 * @throws HsmError `store-failure`
 */
export async function anchor(
  store: Pick<Store, 'transact'>,
  hsm: string,
  keyUse: JournalHead,
): Promise<void> {
  await store.transact((view) => ({
    writes: [{ put: { ...(auditHead(view, hsm) ?? startOf(hsm)), keyUse } }],
    audit: [],
    result: undefined,
  }))
}

/** An entry in the management log that says what is wrong with the key-use journal, if something is. */
export async function recordDamage(
  store: Pick<Store, 'transact'>,
  hsm: string,
  problem: string | undefined,
  now: number,
): Promise<void> {
  if (problem === undefined) return
  await store.transact((view) => {
    const event = {
      at: now,
      actor: '-',
      operation: 'audit.key-use-journal' satisfies OtherAudited,
      outcome: 'store-damaged',
      subjects: [`journal/${hsm}`],
      changes: [{ of: [`journal/${hsm}`], what: 'damage', to: problem }],
    }
    const { entries, writes } = appendAll(view, hsm, [event])
    return { writes, audit: entries, result: undefined }
  })
}
