/**
 * Sending a commit to etcd until it is decided. A request that got no answer may have been carried out, or may still
 * be; it is sent again as it is, for all copies are guarded by the same root, so at most one of them succeeds.
 */
import type { HsmError } from '../../contract/errors.ts'
import { attemptMs, type EtcdClient, pause } from './client.ts'
import type { NextRoot } from './replica.ts'
import type { Transaction } from './requests.ts'
import { KV, type TxnResponse } from './rpc_pb.ts'

export type Sending = {
  readonly client: EtcdClient
  readonly transaction: Transaction
  /** Commits nothing, under the same guard. */
  readonly nothing: () => Transaction
  /** Whether anyone still waits for the commit. */
  readonly wanted: () => boolean
  /** Resolves when the root that guards it is followed by another. */
  readonly next: Promise<NextRoot>
  readonly answered: (response: TxnResponse) => void
}

/** `committed`: as far as etcd's answers tell, undefined if they do not. */
export type Sent = { readonly committed: boolean | undefined } | { readonly refused: HsmError }

/** Sends a transaction again until it is known whether it was committed, or time is up. */
export async function send({ client, transaction, nothing, wanted, next, answered }: Sending): Promise<Sent> {
  let decided = false
  const decision = next.then(
    () => {
      decided = true
    },
    () => {
      decided = true
    },
  )
  for (let attempt = 0; !decided; attempt++) {
    // When nobody waits for it any more it shall not happen late either: a commit of nothing takes its place.
    const ours = wanted()
    const request = ours ? transaction : nothing()
    const answer = await Promise.race([client.once(KV.method.txn, request, attemptMs(attempt)), decision])
    if (!answer) break
    if ('value' in answer) {
      answered(answer.value)
      return { committed: verdict(ours, attempt, answer.value.succeeded) }
    }
    if (answer.failure.verdict !== 'again' && attempt === 0) return { refused: answer.failure.error }
    await Promise.race([pause(), decision])
  }
  return { committed: undefined }
}

/** The guard of a later copy also fails when an earlier copy was carried out. */
function verdict(ours: boolean, attempt: number, succeeded: boolean): boolean | undefined {
  if (succeeded) return ours || undefined
  return attempt === 0 ? false : undefined
}
