import type { Reply } from '../../contract/operations.ts'
import { answer } from '../pipeline/pipeline.ts'

/** Whoever reads it all can check the chain; the store has checked each entry's seal and place. */
export const auditList = answer<'audit.list'>({
  work: async ({ parts: { store, hsm: self } }, { hsm, first, count }) => ({
    // What the reply says of lists, that they can be changed, the entries do not mean.
    entries: [...(await store.audit(hsm ?? self.id, first, count))] as Reply<'audit.list'>['entries'],
  }),
})
