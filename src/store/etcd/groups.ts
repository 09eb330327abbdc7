/** Carrying out one group of transactions: whether its writes are committed, and what whoever asked is told. */
import type { HsmError } from '../../contract/errors.ts'
import { FORMAT } from '../../model/formats.ts'
import type { Gathered } from './gathering.ts'
import type { Keyspace } from './keyspace.ts'
import { type NextRoot, type Replica, wentBack } from './replica.ts'
import { guarded, revisionOf, standsAt } from './requests.ts'
import { KV, type TxnResponse } from './rpc_pb.ts'
import { send } from './sending.ts'
import { type Prepared, prepare } from './transaction.ts'
import { notKnown, type QueuedTransaction } from './transaction-queue.ts'
import { sameBytes } from './values.ts'

export type GroupNeeds = {
  readonly keyspace: Keyspace
  readonly replica: Replica
  /** Told of a revision that the watch should bring soon. */
  readonly expect: (revision: number) => void
  /** Told when etcd does not hold what it held before. */
  readonly damaged: (error: HsmError) => void
}

/** `base`: the revision of the root that the bodies ran on; `commit`: the number of the newest commit after this one. */
export type Group = {
  readonly transactions: readonly QueuedTransaction[]
  readonly gathered: Gathered
  readonly base: number
  readonly commit: number
}

/** @returns whether the group is settled; if not, its bodies must run again */
export type CarryOut = (group: Group) => Promise<boolean>

export function createCarryOut({ keyspace, replica, expect, damaged }: GroupNeeds): CarryOut {
  async function commit(group: Group): Promise<boolean> {
    const prepared = prepare(keyspace, replica.root(), replica.records(), group.gathered)
    const next = replica.nextRoot()
    const sent = await send({
      client: keyspace.client,
      transaction: prepared.transaction,
      nothing: () => prepare(keyspace, replica.root(), replica.records(), NOTHING).transaction,
      wanted: () => group.transactions.some(({ done }) => !done),
      next,
      answered: (response) => expect(newestIn(response, group.base)),
    })
    if ('refused' in sent) return fail(group, sent.refused)
    const root = await next
    const ours = await isOurs(prepared, root, sent.committed)
    if (ours === undefined) return fail(group, notKnown())
    return ours && settle(group, root.revision)
  }

  /** A group that writes nothing has still to have seen the newest state. */
  async function confirm(group: Group): Promise<boolean> {
    const request = guarded(keyspace.keys.root, group.base, [])
    const answer = await keyspace.client.ask(KV.method.txn, request)
    if ('failure' in answer) return fail(group, answer.failure.error)
    if (answer.value.succeeded) return settle(group, group.base)
    const newest = newestIn(answer.value, group.base)
    expect(newest)
    await replica.appliedAtLeast(newest)
    return false
  }

  /** Of the root. What etcd answers now cannot be older than what the watch had brought before the question. */
  function newestIn(response: TxnResponse, base: number): number {
    const newest = response.succeeded ? revisionOf(response) : Number(standsAt(response)?.modRevision ?? 0n)
    if (newest >= base) return newest
    damaged(wentBack())
    throw wentBack()
  }

  /** @returns undefined when there is no way to know */
  async function isOurs({ root, proof }: Prepared, next: NextRoot, committed: boolean | undefined) {
    if (sameBytes(root, next.value)) return true
    if (!next.skipped) return false
    if (committed !== undefined || !proof) return committed
    const answer = await keyspace.client.ask(KV.method.range, { key: proof.key })
    if ('failure' in answer) return undefined
    const found = answer.value.kvs[0]
    return found !== undefined && sameBytes(found.value, proof.value)
  }

  return (group) => {
    const { changes, audit } = group.gathered
    return changes.length + audit.length > 0 ? commit(group) : confirm(group)
  }
}

const NOTHING = { changes: [], audit: [], format: FORMAT }

function settle({ transactions, gathered }: Group, revision: number): true {
  transactions.forEach((queued, at) => {
    const outcome = gathered.results[at]
    if (outcome && 'result' in outcome) queued.resolve({ result: outcome.result, revision })
    else queued.reject(outcome?.error)
  })
  return true
}

function fail({ transactions }: Group, error: HsmError): true {
  for (const queued of transactions) queued.reject(error)
  return true
}
