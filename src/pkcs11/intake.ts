/** What comes in on one connection: the greeting is answered here, requests are handed on. */
import type { Duplex } from 'node:stream'
import type { Answering } from './answering.ts'
import { CKR } from './cryptoki/returns.ts'
import { answeredVersion, createFrameReader, type FrameReaderOptions, type Incoming } from './rpc/frame.ts'
import { writeRefusal } from './rpc/requests.ts'

export type Intake = {
  /** The chunk becomes the intake's. Throws MalformedRequest, for good. */
  feed(chunk: Buffer): void
  /** Which frame is under way; undefined between frames. */
  frame(): number | undefined
  /** Bytes that will be kept of the frame under way; 0 between frames. */
  announced(): number
}

/** @param from version that the client has offered to someone else */
export function createIntake(
  stream: Duplex,
  calls: Answering,
  most: NonNullable<FrameReaderOptions['most']>,
  from: number | undefined,
): Intake {
  const frames = createFrameReader({ greeted: from !== undefined, most })
  let offered = from ?? 0
  let count = 0

  function take(incoming: Incoming): void {
    count += 1
    if (incoming.kind === 'hello') {
      offered = incoming.offered
      stream.write(Buffer.of(answeredVersion(offered)))
    } else if (incoming.kind === 'request') calls.ask(incoming.code, incoming.body, offered)
    else stream.write(writeRefusal(incoming.code, CKR.USER_NOT_LOGGED_IN))
  }

  return {
    feed(chunk) {
      for (const incoming of frames.feed(chunk)) take(incoming)
    },
    frame: () => (frames.between() ? undefined : count),
    announced: frames.announced,
  }
}
