/**
 * A file of the key-use journal, sealed: nobody without the master key reads who used which key, and nobody changes, moves or leaves
 * out an entry unnoticed.
 *
 * ```text
 * strongroom key-use 1\n     21 bytes
 * frame                      the header: JSON of SegmentHeader, sealed under the key of key-use journals
 * frame …                    entries: canonical texts, each behind a line feed, sealed under the segment's own key
 * ```
 *
 * A frame is its length in 4 bytes, big-endian, and so many bytes. What is sealed is bound to the HSM and to the sequence of the first
 * entry in it. Each segment has a key of its own, so that no key seals more often than random nonces allow.
 */
import { HsmError } from '../contract/errors.ts'
import { createSealer, type Sealer } from '../crypto/seal.ts'
import { count, object, type Read, text } from '../model/shape.ts'

export type SegmentHeader = {
  readonly hsm: string
  /** Sequence of the first entry. */
  readonly first: number
  /** Hash of the entry before that. */
  readonly previous: string
  /** Base64. What the segment's frames are sealed under. */
  readonly key: string
}

export const MAGIC = Buffer.from('strongroom key-use 1\n')
export const LENGTH_BYTES = 4
/** A frame of entries ends when it has grown so large; one entry is much smaller. */
export const FRAME_BYTES = 64 * 1024
/** Of any frame; more is damage. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024

const headerContext = (hsm: string, first: number) => `key-use\n${hsm}\n${first}`
const entriesContext = (hsm: string, first: number) => `key-use-entries\n${hsm}\n${first}`

/** @param sealer of key-use journals */
export const writeHeader = (sealer: Sealer, header: SegmentHeader): Buffer => {
  const plain = Buffer.from(JSON.stringify(header))
  try {
    return Buffer.concat([MAGIC, framed(sealer.seal(plain, headerContext(header.hsm, header.first)))])
  } finally {
    plain.fill(0)
  }
}

const readHeaderJson: Read<SegmentHeader> = object<SegmentHeader>({
  hsm: text,
  first: count,
  previous: text,
  key: text,
})

/** @throws Error when it is not the header of that segment */
export function openHeader(sealer: Sealer, hsm: string, first: number, sealed: Uint8Array): SegmentHeader {
  const plain = sealer.open(sealed, headerContext(hsm, first))
  try {
    return readHeaderJson(JSON.parse(plain.toString('utf8')))
  } finally {
    plain.fill(0)
  }
}

/** What seals the frames of a segment. */
export function sealerOf({ key }: Pick<SegmentHeader, 'key'>, clusterId: string): Sealer {
  const bytes = Buffer.from(key, 'base64')
  try {
    return createSealer(bytes, 'key-use', clusterId)
  } finally {
    bytes.fill(0)
  }
}

/** @param first sequence of the first of the texts */
export const writeFrame = (sealer: Sealer, hsm: string, first: number, texts: readonly string[]): Buffer =>
  framed(sealer.seal(Buffer.from(texts.join('\n')), entriesContext(hsm, first)))

/** The canonical texts of a frame. @throws Error when it is not the one that begins with that entry */
export function openFrame(sealer: Sealer, hsm: string, first: number, sealed: Uint8Array): readonly string[] {
  const plain = sealer.open(sealed, entriesContext(hsm, first))
  try {
    return plain.toString('utf8').split('\n')
  } finally {
    plain.fill(0)
  }
}

function framed(sealed: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + sealed.length)
  frame.writeUInt32BE(sealed.length)
  sealed.copy(frame, LENGTH_BYTES)
  return frame
}

/** @throws HsmError `store-damaged` when no frame is so long */
export function frameLength(bytes: Buffer): number {
  const length = bytes.readUInt32BE()
  if (length > 0 && length <= MAX_FRAME_BYTES) return length
  throw new HsmError('store-damaged', 'The key-use journal is damaged: a frame has no such length')
}

const DIGITS = 16
const NAME = /^(\d{16})\.log$/
/** No journal is so long. Behind a file that somebody has put there, sequences would soon be no whole numbers any more. */
const MAX_FIRST = 2 ** 52

/** @param first sequence of its first entry */
export const segmentName = (first: number): string => `${String(first).padStart(DIGITS, '0')}.log`
/** Undefined when a file of that name is none. */
export function segmentFirst(name: string): number | undefined {
  const first = Number(NAME.exec(name)?.[1])
  return first <= MAX_FIRST ? first : undefined
}
