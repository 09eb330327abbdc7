/** Bytes from an HSM as frames (docs/FRAMES.md). */
import { FRAME_LENGTH_BYTES, FRAME_START_BYTES } from '../contract/wire.ts'

/** @param payload is the receiver's */
export type OnFrame = (kind: number, id: number, payload: Buffer) => void

const ID_AND_KIND_BYTES = FRAME_START_BYTES - FRAME_LENGTH_BYTES

/**
 * @param payloadBytes of one frame, at most
 * @param onMalformed called once, when what came is no frame; nothing more is read then
 * @returns to be called with each piece
 */
export function createFrameReader(
  payloadBytes: number,
  onFrame: OnFrame,
  onMalformed: () => void,
): (piece: Buffer) => void {
  /** Pieces are joined once, when all of a frame is there. */
  let pieces: Buffer[] = []
  let bytes = 0
  /** Bytes of the frame that is arriving, with its length. */
  let wanted = FRAME_START_BYTES
  let isOver = false

  function join(): Buffer {
    const [first] = pieces
    const joined = pieces.length === 1 && first ? first : Buffer.concat(pieces, bytes)
    pieces = []
    bytes = 0
    return joined
  }
  /** @returns where the rest begins */
  function read(all: Buffer): number {
    let at = 0
    wanted = FRAME_START_BYTES
    while (all.length - at >= FRAME_START_BYTES) {
      const length = all.readUInt32BE(at)
      if (length < ID_AND_KIND_BYTES || length - ID_AND_KIND_BYTES > payloadBytes) {
        isOver = true
        onMalformed()
        return all.length
      }
      wanted = FRAME_LENGTH_BYTES + length
      const end = at + wanted
      if (end > all.length) break
      const start = at + FRAME_START_BYTES
      onFrame(all[start - 1] ?? 0, all.readUInt32BE(at + FRAME_LENGTH_BYTES), all.subarray(start, end))
      at = end
      wanted = FRAME_START_BYTES
    }
    return at
  }
  return (piece) => {
    if (isOver) return
    pieces.push(piece)
    bytes += piece.length
    if (bytes < wanted) return
    const all = join()
    const at = read(all)
    if (at === all.length) return
    pieces = [all.subarray(at)]
    bytes = all.length - at
  }
}
