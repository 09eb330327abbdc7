/** Reading the protocol's big-endian primitives; no length or count is believed before the bytes are seen to be there. */
import { UNAVAILABLE } from '../cryptoki/unavailable.ts'
import { malformed } from './malformed.ts'

export type WireReader = {
  readonly bytes: Buffer
  at: number
  /** Protocol version that the client offered; it decides how mechanisms are encoded. */
  readonly offered: number
}

/** @param bytes of one frame's body @param offered protocol version that the client offered */
export const createWireReader = (bytes: Buffer, offered = 0): WireReader => ({ bytes, at: 0, offered })

/** Length of a byte array that is a NULL pointer. */
export const NULL_LENGTH = 0xffff_ffff

/** Bytes that have not been read. */
export const remaining = ({ bytes, at }: WireReader): number => bytes.length - at

/** Moves on, and tells where the bytes begin. */
function take(from: WireReader, count: number): number {
  const { at } = from
  if (count > remaining(from)) malformed('cut short')
  from.at = at + count
  return at
}

/** Throws when the message is cut short. */
export const readByte = (from: WireReader): number => from.bytes.readUInt8(take(from, 1))

/** Big-endian. Throws when the message is cut short. */
export const readU32 = (from: WireReader): number => from.bytes.readUInt32BE(take(from, 4))

/** Every number above 2^53 - 1 reads as UNAVAILABLE: none of them names anything of ours. */
export function readU64(from: WireReader): number {
  const at = take(from, 8)
  const value = from.bytes.readUInt32BE(at) * 2 ** 32 + from.bytes.readUInt32BE(at + 4)
  return Number.isSafeInteger(value) ? value : UNAVAILABLE
}

/** A part of the message, not a copy; null for NULL. */
export function readByteArray(from: WireReader): Buffer | null {
  const length = readU32(from)
  return length === NULL_LENGTH ? null : readBytes(from, length)
}

/** Whether the byte array that comes next is this one. */
export function readExactly(from: WireReader, expected: Buffer): boolean {
  const length = readU32(from)
  if (length !== expected.length) return false
  const at = take(from, length)
  for (let index = 0; index < length; index += 1) if (from.bytes[at + index] !== expected[index]) return false
  return true
}

/** A part of the message, not a copy. */
export function readBytes(from: WireReader, length: number): Buffer {
  const at = take(from, length)
  return from.bytes.subarray(at, at + length)
}

/** @param least bytes that each element takes at least */
export function readCount(from: WireReader, least: number): number {
  const count = readU32(from)
  if (count * least > remaining(from)) malformed('count')
  return count
}

/** @param count was checked against the bytes that are there */
export const readMany = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read)

/** Throws when there are bytes after the end. */
export function readEnd(from: WireReader): void {
  if (remaining(from) > 0) malformed('bytes after the end')
}
