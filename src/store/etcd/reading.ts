/** What is read from etcd itself when it is asked for. */
import type { HsmError } from '../../contract/errors.ts'
import type { AuditEntry } from '../../model/audit.ts'
import { readAuditLog } from '../audit-log.ts'
import { openEntry } from '../sealing.ts'
import type { Keyspace } from './keyspace.ts'
import { type Replica, wentBack } from './replica.ts'
import { KV } from './rpc_pb.ts'

/** As many entries as fit into an answer of etcd (`channels.ts`) when each is as large as a transaction may be. */
const AT_ONCE = 32

/**
 * Entries of one HSM's log.
 *
 * @param first sequence of the first one
 * @throws HsmError `store-damaged` when one is missing or was changed
 */
export async function readAudit(
  keyspace: Keyspace,
  { catalog }: Replica,
  hsm: string,
  first: number,
  count: number,
): Promise<readonly AuditEntry[]> {
  const head = catalog.get(`audit-head/${hsm}`)
  const end = Math.min(first + count, head?.kind === 'audit-head' ? head.count : 0)
  const entries: AuditEntry[] = []
  for (let at = first; at < end; at += AT_ONCE) {
    const some = Math.min(AT_ONCE, end - at)
    const sealed = await sealedEntries(keyspace, hsm, at, some)
    entries.push(
      ...readAuditLog(catalog, hsm, at, some, (sequence) => {
        const one = sealed.get(text(keyspace.keys.entry(hsm, sequence)))
        return one && openEntry(keyspace.sealer, hsm, sequence, one)
      }),
    )
  }
  return entries
}

async function sealedEntries({ client, keys }: Keyspace, hsm: string, first: number, count: number) {
  const range = { key: keys.entry(hsm, first), rangeEnd: keys.entry(hsm, first + count) }
  const answer = await client.ask(KV.method.range, range)
  if ('failure' in answer) throw answer.failure.error
  return new Map(answer.value.kvs.map(({ key, value }) => [text(key), value]))
}

const text = (key: Uint8Array): string => Buffer.from(key).toString()

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
