/** The requests the store makes of etcd, as etcd's messages. Reads are linearizable, etcd's default, unless they say otherwise. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { LeaseId } from '../../cluster/coordination.ts'
import type { KeyRange } from './keys.ts'
import {
  Compare_CompareTarget,
  type KeyValue,
  type RangeRequestSchema,
  type RequestOpSchema,
  type TxnRequestSchema,
  type TxnResponse,
} from './rpc_pb.ts'

/** One of a transaction of etcd. */
export type Operation = MessageInitShape<typeof RequestOpSchema>
/** One of etcd: operations that are carried out together, if what they compare is so. */
export type Transaction = MessageInitShape<typeof TxnRequestSchema>
/** A range of keys, at one revision or now. */
export type Reading = MessageInitShape<typeof RangeRequestSchema>

const value = <Case extends string, V>(name: Case, content: V) => ({
  request: { case: name, value: content },
})

/** @param lease that the key ends with; none by default */
export const put = (key: Uint8Array, bytes: Uint8Array, lease: LeaseId = '0'): Operation =>
  value('put', { key, value: bytes, lease })

/** One operation of a transaction: the key goes, if it is there. */
export const remove = (key: Uint8Array): Operation => value('deleteRange', { key })

/** @param revision undefined for now */
export const rangeOf = ({ from, to }: KeyRange, revision?: number): Reading => ({
  key: from,
  rangeEnd: to,
  revision: BigInt(revision ?? 0),
})

/**
 * Carries the operations out if the key stands at the revision (0: does not exist), and tells how it stands if not.
 */
export const guarded = (key: Uint8Array, revision: number, success: Operation[]): Transaction => ({
  compare: [
    {
      target: Compare_CompareTarget.MOD,
      key,
      targetUnion: { case: 'modRevision', value: BigInt(revision) },
    },
  ],
  success,
  failure: [value('range', { key })],
})

/** Reads several keys from whichever member is asked, also one that is behind or has no quorum. */
export const lookUp = (keys: readonly Uint8Array[]): Transaction => ({
  success: keys.map((key) => value('range', { key, serializable: true })),
})

/** What a look-up has found, in the order of its keys; undefined for a key that is not there. */
export const foundBy = ({ responses }: TxnResponse): readonly (KeyValue | undefined)[] =>
  responses.map(({ response }) => (response.case === 'range' ? response.value.kvs[0] : undefined))

/** How the key of a guarded transaction stands that was not carried out; undefined when there is none. */
export const standsAt = (response: TxnResponse): KeyValue | undefined => foundBy(response)[0]

/** The revision of etcd at which it answered; 0 when the answer does not say. */
export const revisionOf = ({
  header,
}: {
  readonly header?: { readonly revision: bigint } | undefined
}): number => Number(header?.revision ?? 0)
