/**
 * What nodes say to each other directly, and how it is known who says it: each message carries a MAC under a key that only
 * nodes of the cluster can derive, over the message and the connection it was made for.
 */
import { timingSafeEqual } from 'node:crypto'

/**
 * `acknowledgement`: see `Acknowledgement`. `wish`: the process wants to commit after a commit of this number, and nothing but
 * time depends on it.
 */
export type PeerMessage = {
  readonly kind: 'acknowledgement' | 'wish'
  /** Of the process that says it, 32 hex digits. */
  readonly boot: string
  /** Of etcd, or the number of a commit. */
  readonly revision: number
}

/** A pseudo-random function of the text, 32 bytes, that nobody can compute without the master key of the cluster. */
export type Mark = (text: string) => Uint8Array

const KINDS = ['acknowledgement', 'wish'] as const satisfies readonly PeerMessage['kind'][]
const BOOT_BYTES = 16
const REVISION_AT = 1 + BOOT_BYTES
const MAC_AT = REVISION_AT + 8
const MAC_BYTES = 32

/** kind (1 byte, from 1), boot (16), revision (8, big endian), MAC (32). Every frame has this length. */
export const FRAME_BYTES: number = MAC_AT + MAC_BYTES

const macOf = (mark: Mark, binding: string, { kind, boot, revision }: PeerMessage): Uint8Array =>
  mark(`${binding}\n${kind}\n${boot}\n${revision}`)

/** @param binding of the connection that it will be sent on */
export function writeFrame(mark: Mark, binding: string, message: PeerMessage): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES)
  frame[0] = KINDS.indexOf(message.kind) + 1
  frame.write(message.boot, 1, BOOT_BYTES, 'hex')
  frame.writeBigUInt64BE(BigInt(message.revision), REVISION_AT)
  frame.set(macOf(mark, binding, message), MAC_AT)
  return frame
}

/**
 * @param binding of the connection that it arrived on
 * @returns undefined when no node of the cluster made the frame, or made it for another connection
 */
export function readFrame(mark: Mark, binding: string, bytes: Uint8Array): PeerMessage | undefined {
  if (bytes.length !== FRAME_BYTES) return undefined
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kind = KINDS[(frame[0] ?? 0) - 1]
  const revision = frame.readBigUInt64BE(REVISION_AT)
  if (!kind || revision > Number.MAX_SAFE_INTEGER) return undefined
  const message = { kind, boot: frame.toString('hex', 1, REVISION_AT), revision: Number(revision) }
  const mac = macOf(mark, binding, message)
  return mac.length === MAC_BYTES && timingSafeEqual(mac, frame.subarray(MAC_AT)) ? message : undefined
}
