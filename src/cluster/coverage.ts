/** Which records every HSM has as this one does: those that have not changed since the revision all of them are past. */
import type { RecordKey } from '../model/records.ts'
import type { Change } from '../store/store.ts'

export interface Coverage {
  note(changes: readonly Change[]): void
  /** Records that have not changed since then may have been last written at any time up to it. */
  begin(revision: number): void
  /** Tells of records, as things stand now. */
  now(): (key: RecordKey) => boolean
}

/** @param everywhere whether every HSM has applied this revision */
export function createCoverage(everywhere: (revision: number) => boolean): Coverage {
  /** When records were last written that some HSM may not have, oldest first. */
  const recent = new Map<RecordKey, number>()
  let begun: number | undefined

  function forget(): void {
    for (const [key, revision] of recent) {
      if (!everywhere(revision)) return
      recent.delete(key)
    }
  }

  return {
    note(changes) {
      for (const { key, revision } of changes) {
        if (key.startsWith('audit-head/')) continue
        recent.delete(key)
        recent.set(key, revision)
      }
      forget()
    },
    begin(revision) {
      begun ??= revision
    },
    now() {
      const settled = begun !== undefined && everywhere(begun)
      return (key) => {
        const revision = recent.get(key)
        return revision === undefined ? settled : everywhere(revision)
      }
    },
  }
}
