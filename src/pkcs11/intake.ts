/** What comes in on one connection: the greeting is answered here, requests are handed on. */
import type { Duplex } from 'node:stream'
import type { Answering } from './answering.ts'
import { BOUNDS } from './bounds.ts'
import { CKR } from './cryptoki/returns.ts'
import { answeredVersion, isOwn } from './rpc/dialect.ts'
import { createFrameReader, type FrameReaderOptions, type Incoming } from './rpc/frame.ts'
import { writeRefusal } from './rpc/requests.ts'
import { LOOK_AGAIN_MS, type Toll } from './toll.ts'

/**
 * Hands on as many requests as may be under way, for as long as a turn may take. The others stay as they came until a later turn
 * of the event loop: a program that asks for many things at once does not keep others waiting.
 */
export type Intake = {
  /** What is needed of the chunk is copied, and all of it is wiped. */
  feed(chunk: Buffer): void
  /** To be called when a request has been answered. */
  answered(): void
  /** False until the client has said so. */
  isOwnModule(): boolean
  /** There are requests that have not been handed on. */
  isBehind(): boolean
  /** Which frame is under way; undefined between frames. */
  frame(): number | undefined
  /** Bytes that will be kept of the frame under way; 0 between frames. */
  announced(): number
}

export type IntakeNeeds = {
  readonly stream: Duplex
  readonly calls: Answering
  readonly toll: Toll
  readonly most: NonNullable<FrameReaderOptions['most']>
  /** Version that the client has offered to someone else. */
  readonly from: number | undefined
  /** Whether the client is our own module, before it is answered. */
  readonly onGreeted: (isOwnModule: boolean) => void
  /** As much was handed on as may be; nothing, when the stream is destroyed. */
  readonly onTaken: () => void
  /** With MalformedRequest: nothing more can be read. */
  readonly onMalformed: (error: unknown) => void
}

/** Nothing is handed on any more once the stream is destroyed. */
export function createIntake({
  stream,
  calls,
  toll,
  most,
  from,
  onGreeted,
  onTaken,
  onMalformed,
}: IntakeNeeds): Intake {
  const frames = createFrameReader({ greeted: from !== undefined, most })
  let offered = from ?? 0
  let count = 0
  let later: NodeJS.Immediate | NodeJS.Timeout | undefined

  function take(incoming: Incoming): void {
    count += 1
    if (incoming.kind === 'hello') {
      offered = incoming.offered
      onGreeted(isOwn(offered))
      stream.write(Buffer.of(answeredVersion(offered)))
    } else if (incoming.kind === 'request') calls.ask(incoming.code, incoming.body, offered)
    else stream.write(writeRefusal(incoming.code, CKR.USER_NOT_LOGGED_IN))
  }

  function proceed(): void {
    later = undefined
    try {
      takeSome()
    } catch (error) {
      calls.send()
      onMalformed(error)
      return
    }
    calls.send()
    proceedLater()
    onTaken()
  }

  function takeSome(): void {
    const begun = performance.now()
    for (let room = BOUNDS.callsUnderWay - calls.underWay(); room > 0 && mayTake(); room -= 1) {
      const incoming = frames.next()
      if (!incoming) break
      take(incoming)
      if (performance.now() > begun + BOUNDS.turnMs) break
    }
    toll.charge(performance.now() - begun)
  }

  const mayTake = () => !stream.destroyed && toll.mayGoOn()

  const isBehind = () => !stream.destroyed && frames.isBehind()

  /** When those that are under way are as many as may be, the next turn is when one of them is answered. */
  function proceedLater(): void {
    if (!isBehind() || calls.underWay() >= BOUNDS.callsUnderWay) return
    later ??= toll.mayGoOn() ? setImmediate(proceed) : setTimeout(proceed, LOOK_AGAIN_MS)
  }

  return {
    feed(chunk) {
      toll.arrived(chunk.length)
      frames.add(chunk)
      if (!later) proceed()
      frames.keep()
    },
    answered: proceedLater,
    isOwnModule: () => isOwn(offered),
    isBehind,
    frame: () => (frames.between() ? undefined : count),
    announced: frames.announced,
  }
}
