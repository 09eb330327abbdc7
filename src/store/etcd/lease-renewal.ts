/** Keeps a lease alive, and knows when each renewal was sent: etcd counts from then, at the earliest. */
import { create, type MessageShape } from '@bufbuild/protobuf'
import type { ServiceError } from '@grpc/grpc-js'
import type { LeaseId, LeaseRenewal } from '../../cluster/coordination.ts'
import { HsmError } from '../../contract/errors.ts'
import { type EtcdClient, pause } from './client.ts'
import type { RpcResult } from './rpc.ts'
import { Lease, LeaseKeepAliveRequestSchema } from './rpc_pb.ts'

const PATIENCE_MS = 1000
const ATTEMPT_MS = 400

/** @returns undefined when the lease is gone */
export async function keepAlive(
  client: EtcdClient,
  lease: LeaseId,
  now: () => number,
): Promise<LeaseRenewal | undefined> {
  const end = now() + PATIENCE_MS
  for (;;) {
    const sentAt = now()
    const answer = await renew(client, lease)
    if ('value' in answer) return answer.value > 0n ? { sentAt, ttlSeconds: Number(answer.value) } : undefined
    const { verdict, error } = answer.failure
    if (verdict === 'no-lease') return undefined
    if (now() >= end) throw error
    await pause()
  }
}

/** One request on a stream of its own, so that no answer is taken for that of another. @returns the seconds granted */
async function renew(client: EtcdClient, lease: LeaseId): Promise<RpcResult<bigint>> {
  const opened = await client.stream(Lease.method.leaseKeepAlive)
  if ('failure' in opened) return opened
  const { stream, failed } = opened.value
  return new Promise((resolve) => {
    const timer = setTimeout(() => stream.cancel(), ATTEMPT_MS)
    const settle = (answer: RpcResult<bigint>) => {
      clearTimeout(timer)
      resolve(answer)
    }
    stream.on('data', ({ ttl }: MessageShape<typeof Lease.method.leaseKeepAlive.output>) => {
      settle({ value: ttl })
      stream.end()
    })
    stream.on('error', (error: ServiceError) => settle({ failure: failed(error) }))
    stream.on('end', () => settle(UNANSWERED))
    stream.write(create(LeaseKeepAliveRequestSchema, { id: lease }))
  })
}

const UNANSWERED: RpcResult<bigint> = {
  failure: {
    verdict: 'again',
    error: new HsmError('store-failure', 'etcd ended the call without an answer'),
  },
}
