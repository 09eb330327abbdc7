/** A backup as bytes: two lines of text, then frames, each behind its length in 4 bytes. */
import { LIMITS } from '../contract/limits.ts'

/** A part, one record that does not fit into it any more, and what sealing adds. */
const FRAME_BYTES = 2 * LIMITS.backupPartBytes
const LENGTH_BYTES = 4

/** A frame: 4 bytes with the length, big-endian, then the sealed bytes. */
export function framed(sealed: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(sealed.length)
  return Buffer.concat([length, sealed])
}

/** Reads from the front. Keeps no more than one frame and one chunk of what comes in. */
export interface BackupReader {
  /** Without its end; undefined when there is none of so many bytes at the most. */
  line(maxBytes: number): Promise<string | undefined>
  /** Undefined when there is no whole one, or one that is longer than any can be. */
  frame(): Promise<Buffer | undefined>
  ended(): Promise<boolean>
}

/** Reads a backup from its chunks, of any size. */
export function createBackupReader(chunks: AsyncIterable<Buffer>): BackupReader {
  const source = chunks[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)

  async function more(): Promise<boolean> {
    const { done, value } = await source.next()
    if (done) return false
    held = held.length === 0 ? value : Buffer.concat([held, value])
    return true
  }

  async function take(bytes: number): Promise<Buffer | undefined> {
    while (held.length < bytes) if (!(await more())) return undefined
    const taken = held.subarray(0, bytes)
    held = held.subarray(bytes)
    return taken
  }

  return {
    async line(maxBytes) {
      for (;;) {
        const end = held.subarray(0, maxBytes + 1).indexOf('\n')
        if (end >= 0) return (await take(end + 1))?.subarray(0, end).toString('utf8')
        if (held.length > maxBytes || !(await more())) return undefined
      }
    },
    async frame() {
      const length = (await take(LENGTH_BYTES))?.readUInt32BE()
      return length === undefined || length > FRAME_BYTES ? undefined : take(length)
    },
    async ended() {
      while (held.length === 0) if (!(await more())) return true
      return false
    },
  }
}
