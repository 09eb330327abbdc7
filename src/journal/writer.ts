/** Writing one segment: frames at its end, whole or not at all, and on disk when that is asked for. */

import { randomBytes } from 'node:crypto'
import { closeSync, constants, fdatasync, fsyncSync, ftruncateSync, openSync, unlinkSync } from 'node:fs'
import { promisify } from 'node:util'
import { writeAllNow } from '../base/descriptors.ts'
import { syncDirectory } from '../base/durable.ts'
import type { Sealer } from '../crypto/seal.ts'
import { type SegmentHeader, sealerOf, writeFrame, writeHeader } from './segment.ts'
import { type Place, segmentPath } from './segments.ts'

export interface SegmentWriter {
  readonly first: number
  bytes(): number
  /** Hands a frame to the operating system. @throws errors of the file system, with nothing added */
  write(first: number, texts: readonly string[]): void
  /** Resolves when what was written is on disk. Rejects with errors of the file system; nothing is sure then. */
  sync(): Promise<void>
  /** On disk when it returns. */
  close(): void
}

const KEY_BYTES = 32
const syncData = promisify(fdatasync)

/** A new segment, which there must not be yet. @throws errors of the file system, with no segment made */
export function beginSegment(place: Place, first: number, previous: string): SegmentWriter {
  const path = segmentPath(place, first)
  const key = randomBytes(KEY_BYTES)
  const header: SegmentHeader = { hsm: place.hsm, first, previous, key: key.toString('base64') }
  key.fill(0)
  const file = openSync(path, 'ax', 0o600)
  try {
    const bytes = writeHeader(place.sealer, header)
    writeAllNow(file, bytes)
    fsyncSync(file)
    syncDirectory(place.directory)
    return writer(place, file, { first, bytes: bytes.length, sealer: sealerOf(header, place.clusterId) })
  } catch (error) {
    closeSync(file)
    unlinkSync(path)
    throw error
  }
}

/** @param bytes that are whole; what is behind them is cut off */
export function continueSegment(
  place: Place,
  first: number,
  { bytes, sealer }: { readonly bytes: number; readonly sealer: Sealer },
): SegmentWriter {
  const file = openSync(segmentPath(place, first), constants.O_WRONLY | constants.O_APPEND)
  try {
    ftruncateSync(file, bytes)
    fsyncSync(file)
    return writer(place, file, { first, bytes, sealer })
  } catch (error) {
    closeSync(file)
    throw error
  }
}

type Begun = { readonly first: number; readonly bytes: number; readonly sealer: Sealer }

function writer({ hsm }: Place, file: number, begun: Begun): SegmentWriter {
  let { bytes } = begun
  let syncing = 0
  let closing = false
  const release = () => {
    if (closing && syncing === 0) closeSync(file)
  }
  return {
    first: begun.first,
    bytes: () => bytes,
    write(first, texts) {
      const frame = writeFrame(begun.sealer, hsm, first, texts)
      try {
        writeAllNow(file, frame)
      } catch (error) {
        ftruncateSync(file, bytes)
        throw error
      }
      bytes += frame.length
    },
    async sync() {
      syncing += 1
      try {
        await syncData(file)
      } finally {
        syncing -= 1
        release()
      }
    },
    close() {
      if (closing) return
      closing = true
      try {
        fsyncSync(file)
      } finally {
        release()
      }
    },
  }
}
