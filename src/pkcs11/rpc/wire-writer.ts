/** Writing the protocol's big-endian primitives into one growing buffer. */
import { UNAVAILABLE } from '../cryptoki/unavailable.ts'
import { NULL_LENGTH } from './wire-reader.ts'

export type WireWriter = {
  bytes: Buffer
  length: number
}

const INITIAL_BYTES = 256

/** Grows as it is written to. */
export const createWireWriter = (): WireWriter => ({ bytes: Buffer.allocUnsafe(INITIAL_BYTES), length: 0 })

/** A view of what was written, not a copy. */
export const written = ({ bytes, length }: WireWriter): Buffer => bytes.subarray(0, length)

/** Makes room, and tells where it begins. What the buffer held before it grew is wiped. */
function take(to: WireWriter, count: number): number {
  const at = to.length
  const length = at + count
  if (length > to.bytes.length) {
    const grown = Buffer.allocUnsafe(Math.max(length, to.bytes.length * 2))
    to.bytes.copy(grown, 0, 0, at)
    to.bytes.fill(0, 0, at)
    to.bytes = grown
  }
  to.length = length
  return at
}

/** @param value 0 to 255 */
export const writeByte = (to: WireWriter, value: number): void => {
  const at = take(to, 1)
  to.bytes.writeUInt8(value, at)
}

/** Big-endian. */
export const writeU32 = (to: WireWriter, value: number): void => {
  const at = take(to, 4)
  to.bytes.writeUInt32BE(value, at)
}

/** @param value a safe integer, or UNAVAILABLE */
export function writeU64(to: WireWriter, value: number): void {
  const at = take(to, 8)
  if (value === UNAVAILABLE) {
    to.bytes.fill(0xff, at, at + 8)
    return
  }
  if (!Number.isSafeInteger(value)) throw new RangeError('a CK_ULONG is a safe integer')
  to.bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at)
  to.bytes.writeUInt32BE(value % 2 ** 32, at + 4)
}

/** @param value null for NULL */
export function writeByteArray(to: WireWriter, value: Uint8Array | null): void {
  writeU32(to, value?.length ?? NULL_LENGTH)
  if (!value) return
  const at = take(to, value.length)
  to.bytes.set(value, at)
}
