/** What is read from etcd itself when it is asked for. */
import type { HsmError } from '../../contract/errors.ts'
import type { AuditEntry } from '../../model/audit.ts'
import { readAuditLog } from '../audit-log.ts'
import { openEntry } from '../sealing.ts'
import type { Keyspace } from './keyspace.ts'
import { type Replica, wentBack } from './replica.ts'
import { KV } from './rpc_pb.ts'

/**
 * Entries of one HSM's log.
 *
 * @param first sequence of the first one
 * @throws HsmError `store-damaged` when one is missing or was changed
 */
export async function readAudit(
  { client, keys, sealer }: Keyspace,
  { catalog }: Replica,
  hsm: string,
  first: number,
  count: number,
): Promise<readonly AuditEntry[]> {
  const head = catalog.get(`audit-head/${hsm}`)
  const there = Math.min(count, (head?.kind === 'audit-head' ? head.count : 0) - first)
  if (there <= 0) return []
  const from = keys.entry(hsm, first)
  const answer = await client.ask(KV.method.range, { key: from, rangeEnd: keys.entry(hsm, first + there) })
  if ('failure' in answer) throw answer.failure.error
  const values = new Map(answer.value.kvs.map(({ key, value }) => [Buffer.from(key).toString(), value]))
  return readAuditLog(catalog, hsm, first, there, (sequence) => {
    const sealed = values.get(Buffer.from(keys.entry(hsm, sequence)).toString())
    return sealed && openEntry(sealer, hsm, sequence, sealed)
  })
}

/**
 * The revision of the root as it stands now.
 * @param damaged told when that is older than one that was applied before
 */
export async function newestCommit(
  { client, keys }: Keyspace,
  replica: Replica,
  damaged: (error: HsmError) => void,
): Promise<number> {
  const base = replica.root().revision
  const answer = await client.ask(KV.method.range, { key: keys.root, keysOnly: true })
  if ('failure' in answer) throw answer.failure.error
  const newest = Number(answer.value.kvs[0]?.modRevision ?? 0n)
  if (newest >= base) return newest
  const error = wentBack()
  damaged(error)
  throw error
}
