/** When a connection is read from, and how long its program may take to send or to read. */
import type { Duplex } from 'node:stream'
import { BOUNDS, type Patience } from './bounds.ts'
import { createDeadline } from './deadline.ts'

/** Where a connection stands. */
export type ConnectionState = {
  /** Calls that are not answered yet. */
  readonly underWay: number
  readonly hasBegun: boolean
  /** Which frame is under way, if one is; a number for each. */
  readonly frame: number | undefined
  /** That frame waits for memory, or there are requests that wait for those under way. */
  readonly waits: boolean
}

export type Backpressure = {
  /** To be called whenever something has changed. */
  update(): void
  /** Nothing is read any more. */
  halt(): void
  end(): void
}

const LATE = {
  beginMs: 'did not begin',
  frameMs: 'did not finish what it had begun to say',
  replyMs: 'did not read its answers',
} as const satisfies Record<keyof Patience, string>

/** @param onLate is told what the program did not do in time */
export function createBackpressure(
  stream: Duplex,
  patience: Patience,
  state: () => ConnectionState,
  onLate: (reason: string) => void,
): Backpressure {
  const deadline = createDeadline(patience, (what) => onLate(LATE[what]))
  let halted = false

  function expect({ underWay, hasBegun, frame }: ConnectionState, full: boolean): void {
    if (stream.writableNeedDrain) deadline.wait('replyMs')
    else if (full) deadline.wait(undefined)
    else if (frame !== undefined) deadline.wait('frameMs', frame)
    else deadline.wait(underWay === 0 && !hasBegun ? 'beginMs' : undefined)
  }

  return {
    /** One who does not read its answers is asked nothing more until it does. */
    update() {
      if (stream.destroyed) return
      const now = state()
      const full = now.underWay >= BOUNDS.callsUnderWay || stream.writableNeedDrain || now.waits
      expect(now, full)
      if (halted) return
      if (full) stream.pause()
      else if (stream.isPaused()) stream.resume()
    },
    halt() {
      halted = true
      stream.pause()
    },
    end: () => deadline.wait(undefined),
  }
}
