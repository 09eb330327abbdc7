/** The calls of one connection that are under way, each answered when it is done. */
import type { Duplex } from 'node:stream'
import type { FrameMemory } from './frame-memory.ts'
import type { Program } from './program.ts'
import { answerBytes } from './rpc/requests.ts'

/** Answers leave in the order in which calls are done, not in that of asking. */
export type Answering = {
  /** @param body wiped when it has been answered */
  ask(code: number, body: Buffer, offered: number): void
  underWay(): number
}

/** @param onAnswered after each; its answer may not have been sent yet */
export function createAnswering(
  stream: Duplex,
  program: Program,
  frameMemory: FrameMemory,
  onAnswered: () => void,
): Answering {
  let underWay = 0

  async function answer(code: number, body: Buffer, offered: number, giveBack: () => void): Promise<void> {
    const memory = frameMemory.reserve(answerBytes(body))
    const release = memory && (await memory)
    const frame = await program.answer(code, body, offered)
    const sent = () => {
      frame.fill(0)
      giveBack()
      release?.()
    }
    if (stream.destroyed) sent()
    else stream.write(frame, sent)
    underWay -= 1
    onAnswered()
  }

  return {
    ask(code, body, offered) {
      underWay += 1
      void answer(code, body, offered, frameMemory.handOver())
    },
    underWay: () => underWay,
  }
}
