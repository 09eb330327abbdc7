/** The sealed master keys of join tokens in etcd: under a lease that ends them, beside the records of their cluster. */
import type { EtcdClient } from '../store/etcd/client.ts'
import { guarded, put } from '../store/etcd/requests.ts'
import type { RpcResult } from '../store/etcd/rpc.ts'
import { KV, Lease } from '../store/etcd/rpc_pb.ts'

/** What stands in the place of one that was used. Nothing sealed is empty. */
const USED = new Uint8Array()

type TokenKey = { readonly clusterId: string; readonly name: string }

const keyOf = ({ clusterId, name }: TokenKey): Uint8Array =>
  Buffer.from(`/strongroom/${clusterId}/invitation/${name}`)

/** @throws HsmError `store-failure` when etcd does not answer */
export async function storeJoinToken(
  client: EtcdClient,
  which: TokenKey,
  sealed: Uint8Array,
  seconds: number,
): Promise<void> {
  const { id } = answered(await client.ask(Lease.method.leaseGrant, { ttl: BigInt(seconds) }))
  const key = keyOf(which)
  answered(await client.ask(KV.method.txn, guarded(key, 0, [put(key, sealed, id)])))
}

/**
 * Takes the sealed key away, then hands it out: nobody else gets it.
 *
 * @returns what was left; `used` when somebody took it before, `absent` when it was never there or its time is over
 * @throws HsmError `store-failure` when etcd does not answer
 */
export async function takeJoinToken(
  client: EtcdClient,
  which: TokenKey,
): Promise<Uint8Array | 'used' | 'absent'> {
  const key = keyOf(which)
  const found = answered(await client.ask(KV.method.range, { key })).kvs[0]
  if (!found) return 'absent'
  if (found.value.length === 0) return 'used'
  const away = guarded(key, Number(found.modRevision), [put(key, USED, found.lease)])
  return answered(await client.ask(KV.method.txn, away)).succeeded ? found.value : 'used'
}

function answered<T>(answer: RpcResult<T>): T {
  if ('failure' in answer) throw answer.failure.error
  return answer.value
}
