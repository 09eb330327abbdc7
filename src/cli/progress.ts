/** Shows the progress of work that takes longer than a moment, in one line of the terminal. */
import type { Progress } from './spec.ts'

const SHOWN_AFTER_MS = 1000
const SHOWN_EVERY_MS = 100
/** Back to the beginning of the line, and the rest of it empty (ECMA-48 §8.3.41, EL). */
const CLEAR = '\r\u001b[K'

/** @param now milliseconds on a clock that never steps */
export function createProgress(write: (text: string) => void, now: () => number): Progress {
  let due = now() + SHOWN_AFTER_MS
  let shown = false
  return {
    show(done, total) {
      if (now() < due) return
      due = now() + SHOWN_EVERY_MS
      shown = true
      write(`${CLEAR}${done} of ${total} keys`)
    },
    end(summary) {
      if (!shown) return
      shown = false
      write(summary === undefined ? CLEAR : `${CLEAR}${summary}\n`)
    },
  }
}
