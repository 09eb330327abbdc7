import { createCatalog } from '../catalog/memory-catalog.ts'
import { HsmError } from '../contract/errors.ts'
import type { AuditEntry } from '../model/audit.ts'
import type { RecordKey } from '../model/records.ts'
import { readAuditLog } from './audit-log.ts'
import { createGroupCommit, storeClosed } from './group-commit.ts'
import type { Store } from './store.ts'

/** A store that keeps nothing: for tests, and where the state may end with the process. */
export function memoryStore(): Store {
  const catalog = createCatalog()
  const logs = new Map<string, AuditEntry>()
  const place = (hsm: string, sequence: number) => `${hsm}/${sequence}`
  const materials = new Map<RecordKey, string>()
  const commits = createGroupCommit(catalog, 0, ({ changes, audit }) => {
    for (const { key, after, material } of changes) {
      if (!after) materials.delete(key)
      if (material !== undefined) materials.set(key, material)
    }
    for (const entry of audit) logs.set(place(entry.hsm, entry.sequence), entry)
    return undefined
  })
  let refusal: HsmError | undefined
  function check(): void {
    if (refusal) throw refusal
  }
  return {
    check,
    catalog,
    transact: commits.transact,
    subscribe: commits.subscribe,
    material(key) {
      check()
      const material = materials.get(key)
      if (material === undefined) throw new HsmError('revoked')
      return material
    },
    hasMaterial: () => true,
    async audit(hsm, first, count) {
      check()
      return readAuditLog(catalog, hsm, first, count, (sequence) => logs.get(place(hsm, sequence)))
    },
    async close() {
      commits.flush()
      refusal = storeClosed()
      commits.refuse(refusal)
    },
  }
}
