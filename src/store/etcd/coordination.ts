/** Leases and member keys: what the nodes of a cluster tell each other through etcd. */

import type { Coordination, MemberKey } from '../../cluster/coordination.ts'
import type { HsmError } from '../../contract/errors.ts'
import type { EtcdClient } from './client.ts'
import type { Keyspace } from './keyspace.ts'
import { keepAlive } from './lease-renewal.ts'
import { toMember } from './member-table.ts'
import { guarded, type Operation, put, rangeOf, remove, revisionOf, standsAt } from './requests.ts'
import type { RpcResult } from './rpc.ts'
import { KV, Lease } from './rpc_pb.ts'
import { sameBytes, writeMember } from './values.ts'

type Calls = Pick<Coordination, 'grantLease' | 'keepAlive' | 'revokeLease' | 'put' | 'delete' | 'readMembers'>

export type CoordinationNeeds = {
  readonly keyspace: Keyspace
  readonly now: () => number
  /** Told of a revision that the watch should bring soon. */
  readonly expect: (revision: number) => void
  /** Throws when the store has failed or is closed. */
  readonly check: () => void
  readonly damaged: (error: HsmError) => void
}

export function createCoordination({ keyspace, now, expect, check, damaged }: CoordinationNeeds): Calls {
  const { client, keys, sealer } = keyspace
  const ask: EtcdClient['ask'] = async (method, request) => {
    check()
    return client.ask(method, request)
  }

  async function carryOut(key: MemberKey, expected: number | undefined, operation: Operation) {
    const request =
      expected === undefined ? { success: [operation] } : guarded(keys.member(key), expected, [operation])
    const answer = await ask(KV.method.txn, request)
    if ('value' in answer && answer.value.succeeded) expect(revisionOf(answer.value))
    return answer
  }

  return {
    async grantLease(ttlSeconds) {
      const sentAt = now()
      const { id, ttl } = read(await ask(Lease.method.leaseGrant, { ttl: BigInt(ttlSeconds) }))
      return { lease: id, sentAt, ttlSeconds: Number(ttl) }
    },
    async keepAlive(lease) {
      check()
      return keepAlive(client, lease, now)
    },
    async revokeLease(lease) {
      const answer = await ask(Lease.method.leaseRevoke, { id: lease })
      if ('failure' in answer && answer.failure.verdict !== 'no-lease') throw answer.failure.error
    },
    async put(key, value, lease, expected) {
      const bytes = writeMember(sealer, key, value)
      const answer = await carryOut(key, expected, put(keys.member(key), bytes, lease))
      if ('failure' in answer && answer.failure.verdict === 'no-lease') return undefined
      const response = read(answer)
      if (response.succeeded) return revisionOf(response)
      // An earlier copy of this very request may have been carried out without an answer.
      const standing = standsAt(response)
      return standing && sameBytes(standing.value, bytes) ? Number(standing.modRevision) : undefined
    },
    async delete(key, expected) {
      const response = read(await carryOut(key, expected, remove(keys.member(key))))
      return response.succeeded || standsAt(response) === undefined
    },
    async readMembers(prefix) {
      const response = read(await ask(KV.method.range, rangeOf(keys.members(prefix))))
      try {
        const members = response.kvs.flatMap((kv) => toMember(keys, sealer, kv))
        return { members, revision: revisionOf(response) }
      } catch (error) {
        damaged(error as HsmError)
        throw error
      }
    },
  }
}

function read<T>(answer: RpcResult<T>): T {
  if ('value' in answer) return answer.value
  throw answer.failure.error
}
