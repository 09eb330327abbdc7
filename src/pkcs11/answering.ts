/** The calls of one connection that are under way, each answered when it is done. */
import type { Duplex } from 'node:stream'
import { andThen } from '../base/maybe-promise.ts'
import { BOUNDS } from './bounds.ts'
import type { FrameMemory } from './frame-memory.ts'
import type { Program } from './program.ts'
import { answerBytes } from './rpc/requests.ts'

/** Answers leave in the order in which calls are done, not in that of asking. */
export type Answering = {
  /**
   * A call that needs no waiting is done when this returns. Its answer leaves with the next `send`.
   *
   * @param body wiped when it has been answered
   */
  ask(code: number, body: Buffer, offered: number): void
  /** Sends the answers of all that is done, together. */
  send(): void
  underWay(): number
}

/** `sent`: gives back what was reserved for it. */
type Answer = { readonly frame: Buffer; readonly sent: () => void }

/** `onWait`: a call has to wait, returns what is to be called then. `onLate`: its answer is sent. */
type Waiting = { readonly onWait?: (() => () => void) | undefined; readonly onLate: () => void }

export function createAnswering(
  stream: Duplex,
  program: Program,
  frameMemory: FrameMemory,
  { onWait, onLate }: Waiting,
): Answering {
  let underWay = 0
  let done: Answer[] = []

  function write(frame: Buffer, answers: readonly Answer[]): void {
    const sent = () => {
      frame.fill(0)
      for (const answer of answers) answer.sent()
    }
    if (stream.destroyed) sent()
    else stream.write(frame, sent)
  }

  function send(): void {
    const answers = done
    if (answers.length === 0) return
    done = []
    const together = answers.reduce((bytes, { frame }) => bytes + frame.length, 0) <= BOUNDS.smallFrameBytes
    if (together) write(joined(answers), answers)
    else for (const answer of answers) write(answer.frame, [answer])
  }

  return {
    ask(code, body, offered) {
      underWay += 1
      const giveBack = frameMemory.handOver()
      const answer = andThen(frameMemory.reserve(answerBytes(body)), (release) =>
        andThen(program.answer(code, body, offered), (frame) => {
          underWay -= 1
          done.push({
            frame,
            sent() {
              giveBack()
              release?.()
            },
          })
        }),
      )
      if (!(answer instanceof Promise)) return
      const waited = onWait?.()
      void answer.then(() => {
        send()
        waited?.()
        onLate()
      })
    },
    send,
    underWay: () => underWay,
  }
}

/** One write for all of them costs little more than one for each. */
function joined(answers: readonly Answer[]): Buffer {
  const [only, ...others] = answers
  if (only && others.length === 0) return only.frame
  const frames = answers.map(({ frame }) => frame)
  const all = Buffer.concat(frames)
  for (const frame of frames) frame.fill(0)
  return all
}
