/** The connection of one program: bytes in and out, and no more of either than there is room for. */
import type { Duplex } from 'node:stream'
import type { ApplicationSnapshot } from './application.ts'
import type { Attention } from './attention.ts'
import { BOUNDS } from './bounds.ts'
import { type Budget, createShare, OutOfMemory } from './budget.ts'
import { createProgram, type ProgramNeeds } from './program.ts'
import { answeredVersion, createFrameReader, type Incoming } from './rpc/frame.ts'
import { MalformedMessage } from './rpc/malformed.ts'

export type ConnectionNeeds = ProgramNeeds & {
  readonly largeFrames: Budget
  readonly attention: Attention
}

/** What another process needs to go on with a connection. Plain data, with a password in it. */
export type Snapshot = {
  /** Protocol version that the client offered. */
  readonly offered: number
  readonly application: ApplicationSnapshot
}

export type Connection = {
  /** Undefined while something that came has not been answered, and for a program that is not there yet. */
  snapshot(): Snapshot | undefined
  /** Takes nothing more from the stream; resolves when all that came before has been answered. */
  halt(): Promise<void>
  /** Resolves when the stream is closed, and the program's login and objects are gone. */
  readonly ended: Promise<void>
}

export type Traffic = {
  /** Something has come. */
  readonly onBusy: () => void
  /** Everything that came has been answered. */
  readonly onQuiet: () => void
}

export function createConnection(
  stream: Duplex,
  needs: ConnectionNeeds,
  { onBusy, onQuiet }: Traffic,
  from?: Snapshot,
): Connection {
  const program = createProgram(needs, from?.application)
  const frames = createFrameReader(from !== undefined)
  const share = createShare(needs.largeFrames)
  let offered = from?.offered ?? 0
  let underWay = 0
  let onHalted: (() => void) | undefined

  /** One who does not read its answers is asked nothing more until it does. */
  function flow(): void {
    if (onHalted) return
    if (underWay >= BOUNDS.callsUnderWay || stream.writableNeedDrain) stream.pause()
    else if (stream.isPaused()) stream.resume()
  }

  function take(incoming: Incoming): void {
    if (incoming.kind === 'request') {
      underWay += 1
      void answer(incoming.code, incoming.body, share.handOver())
      return
    }
    offered = incoming.offered
    stream.write(Buffer.of(answeredVersion(offered)))
  }

  async function answer(code: number, body: Buffer, release: () => void): Promise<void> {
    const frame = await program.answer(code, body, offered)
    release()
    if (!stream.destroyed) stream.write(frame, () => frame.fill(0))
    underWay -= 1
    needs.attention.pay()
    flow()
    settle()
  }

  function settle(): void {
    if (underWay > 0) return
    onHalted?.()
    if (frames.between()) onQuiet()
  }

  function receive(chunk: Buffer): void {
    onBusy()
    try {
      share.collect(chunk.length, frames.announced())
      for (const incoming of frames.feed(chunk)) take(incoming)
    } catch (error) {
      needs.log('warn', reasonOf(error), 'a PKCS#11 connection was closed')
      stream.destroy()
      return
    }
    flow()
    settle()
  }

  stream.on('data', receive)
  stream.on('drain', flow)
  return {
    snapshot() {
      const application = program.snapshot()
      return application && underWay === 0 && frames.between() ? { offered, application } : undefined
    },
    halt() {
      const { promise, resolve } = Promise.withResolvers<void>()
      onHalted = resolve
      stream.pause()
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) receive(chunk)
      settle()
      return promise
    },
    ended: closed(stream).then(share.drop).then(program.end),
  }
}

const reasonOf = (error: unknown): { reason: string } | { err: unknown } =>
  error instanceof MalformedMessage || error instanceof OutOfMemory
    ? { reason: error.message }
    : { err: error }

function closed(stream: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.once('close', resolve)
  // A broken connection is closed, and there is no more to be known of it.
  stream.on('error', () => undefined)
  return promise
}
