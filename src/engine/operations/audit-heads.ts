import { EMPTY_JOURNAL } from '../../audit/chain.ts'
import { allow } from '../../policy/decision.ts'
import { answer } from '../pipeline/pipeline.ts'

/** Of the key-use journal of another HSM the store knows what it was a while ago. */
export const auditHeads = answer<'audit.heads'>({
  read: ({ view, cluster }, _request, parts) =>
    allow({
      'cluster-id': cluster.clusterId,
      'hsm-id': parts.hsm.id,
      hsms: [...view.records()].flatMap((record) => {
        if (record.kind !== 'audit-head') return []
        const { id, count, hash, keyUse } = record
        const live = (id === parts.hsm.id ? parts.keyUseJournal?.head() : undefined) ?? keyUse
        const management = { ...EMPTY_JOURNAL, count, hash }
        return [{ hsm: id, management, ...(live && { 'key-use': live }) }]
      }),
    }),
})
