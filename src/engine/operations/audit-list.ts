import type { Handler } from '../pipelines.ts'

/** Whoever reads it all can check the chain; the store has checked each entry's seal and place. */
export const auditList: Handler<'audit.list'> = async (
  { store, hsm: self },
  _call,
  { hsm, first, count },
) => ({
  entries: (await store.audit(hsm ?? self.id, first, count)).map((entry) => ({
    ...entry,
    subjects: [...entry.subjects],
  })),
})
