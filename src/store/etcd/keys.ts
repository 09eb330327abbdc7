/** The keys in etcd: everything of one cluster is under one prefix, so that one watch sees all of it in order. */
import type { MemberKey } from '../../cluster/coordination.ts'

/** What stands under a key of etcd. */
export type ParsedKey =
  | { readonly kind: 'root' }
  | { readonly kind: 'record'; readonly key: string }
  | { readonly kind: 'member'; readonly key: MemberKey }
  /** Audit entries are read when they are asked for; what else stands under the prefix is none of ours. */
  | { readonly kind: 'other' }

/** From the first key to, but not including, the last. */
export type KeyRange = { readonly from: Uint8Array; readonly to: Uint8Array }

export interface Keys {
  readonly everything: KeyRange
  readonly root: Uint8Array
  /** Which layout all of it has; see `layout.ts`. */
  readonly format: Uint8Array
  readonly records: KeyRange
  record(key: string): Uint8Array
  entry(hsm: string, sequence: number): Uint8Array
  member(key: MemberKey): Uint8Array
  members(prefix: 'node/' | 'ack/'): KeyRange
  parse(key: Uint8Array): ParsedKey
}

/** Wide enough for every safe integer, so that entries stand in the order of their numbers. */
const SEQUENCE_DIGITS = 16

/** Everything of a cluster is below `/strongroom/<cluster-id>/`. */
export function createKeys(clusterId: string): Keys {
  const prefix = `/strongroom/${clusterId}/`
  const range = (start: string): KeyRange => ({ from: Buffer.from(start), to: after(start) })
  return {
    everything: range(prefix),
    root: Buffer.from(`${prefix}root`),
    format: Buffer.from(`${prefix}format`),
    records: range(`${prefix}record/`),
    record: (key) => Buffer.from(`${prefix}record/${key}`),
    entry: (hsm, sequence) =>
      Buffer.from(`${prefix}audit/${hsm}/${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`),
    member: (key) => Buffer.from(prefix + key),
    members: (kind) => range(prefix + kind),
    parse(bytes) {
      const key = Buffer.from(bytes).toString('utf8').slice(prefix.length)
      if (key === 'root') return { kind: 'root' }
      if (key.startsWith('record/')) return { kind: 'record', key: key.slice('record/'.length) }
      if (key.startsWith('node/') || key.startsWith('ack/')) return { kind: 'member', key: key as MemberKey }
      return { kind: 'other' }
    },
  }
}

/** The first key after all that begin so. The last character is ASCII, so one more of it is. */
function after(start: string): Uint8Array {
  const bytes = Buffer.from(start)
  const last = bytes.length - 1
  bytes[last] = (bytes[last] ?? 0) + 1
  return bytes
}
