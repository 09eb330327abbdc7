/** The body of a request in a frame. Memory is taken for what has come, and not for what is announced. */
import { NO_BYTES } from '../../base/bytes.ts'
import { HsmError } from '../../contract/errors.ts'
import { arrive, carryOut, type Exchange, fail } from '../exchange.ts'
import type { FrameBody } from './intake.ts'

const FIRST_BYTES = 4096

/** @param length that is announced */
export function receive(exchange: Exchange, length: number): FrameBody {
  if (length > exchange.bodyBytes) {
    fail(exchange, new HsmError('too-large', `The request is larger than ${exchange.bodyBytes} bytes`))
  }
  let kept: Buffer = NO_BYTES
  let used = 0

  /** There may be a password in it. */
  function discard(piece: Buffer): void {
    piece.fill(0)
    kept.fill(0)
    kept = NO_BYTES
  }
  function keep(piece: Buffer): void {
    // Most bodies come in one piece: that is not copied.
    if (piece.length === length) {
      kept = piece
      used = length
      return
    }
    if (used + piece.length > kept.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.min(length, Math.max(FIRST_BYTES, 2 * kept.length, used + piece.length)),
      )
      kept.copy(larger, 0, 0, used)
      kept.fill(0)
      kept = larger
    }
    piece.copy(kept, used)
    piece.fill(0)
    used += piece.length
  }
  return {
    piece(bytes) {
      try {
        arrive(exchange, bytes.length)
        if (exchange.isAnswered) discard(bytes)
        else keep(bytes)
      } catch (error) {
        discard(bytes)
        fail(exchange, error)
      }
    },
    end() {
      if (!exchange.isAnswered) carryOut(exchange, kept)
    },
  }
}
