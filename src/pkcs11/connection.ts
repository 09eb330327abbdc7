/** The connection of one program: bytes in and out, and no more of either than there is room for. */
import type { Duplex } from 'node:stream'
import { createAnswering } from './answering.ts'
import { type ConnectionState, createBackpressure } from './backpressure.ts'
import { BOUNDS, type Patience, type Peer } from './bounds.ts'
import { createFrameMemory } from './frame-memory.ts'
import { createIntake } from './intake.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { createProgram, type ProgramNeeds, type ProgramSnapshot } from './program.ts'
import { GOODBYE } from './rpc/frame.ts'
import { MalformedRequest } from './rpc/malformed.ts'
import { type AnonymousBudget, createToll } from './toll.ts'

/** What others need to know of one program's connection. */
export type ConnectionNeeds = ProgramNeeds & {
  readonly memory: MemoryBudget
  readonly patience: Patience
  /** Left out, what programs cost before they log in is not limited. */
  readonly anonymous?: AnonymousBudget | undefined
}

export type Connection = {
  /** Undefined while something that came has not been answered, and for a program that is not there yet. */
  snapshot(): ProgramSnapshot | undefined
  /** Not logged in, and nothing is asked. */
  isIdleAnonymous(): boolean
  /** Takes nothing more from the stream; resolves when all that came before has been answered. */
  halt(): Promise<void>
  /** Another process goes on with it from its snapshot; a program of our own module is told to go on elsewhere. */
  leave(): Promise<void>
  /** Resolves when the stream is closed, and the program's login and objects are gone. */
  readonly ended: Promise<void>
}

/** What a connection tells of itself. */
export type Traffic = {
  /** Something has come. */
  readonly onBusy: () => void
  /** Everything that came has been answered. */
  readonly onQuiet: () => void
  /** The program has logged in, or out. */
  readonly onLogin: (isLoggedIn: boolean) => void
  /** A call has to wait for something. @returns to be called when it is done */
  readonly onWait?: (() => () => void) | undefined
  /** It is a program of our own module, or another; it has not been answered yet. */
  readonly onGreeted: (isOwnModule: boolean) => void
}

/** @param from the program that another process served before on this connection */
export function createConnection(
  stream: Duplex,
  needs: ConnectionNeeds,
  { onBusy, onQuiet, onLogin, onWait, onGreeted }: Traffic,
  from?: ProgramSnapshot,
): Connection {
  const program = createProgram(needs, from)
  const close = createClose(stream, needs)
  const most = () => (program.isLoggedIn() ? BOUNDS.frameBytes : BOUNDS.anonymousFrameBytes)
  const frameMemory = createFrameMemory(needs.memory, needs.peer, () => backpressure.update())
  const calls = createAnswering(stream, program, frameMemory, { onWait, onLate: answeredLate })
  const intake = createIntake({
    stream,
    calls,
    toll: createToll(needs.anonymous, program.isLoggedIn),
    most,
    from: from?.offered,
    onGreeted,
    onTaken: taken,
    onMalformed: (error) => close(reasonOf(error)),
  })
  const state = (): ConnectionState => ({
    underWay: calls.underWay(),
    hasBegun: program.hasBegun(),
    frame: intake.frame(),
    waits: frameMemory.isWaiting() || intake.isBehind(),
  })
  const backpressure = createBackpressure(stream, needs.patience, state, (reason) => close({ reason }))
  const noteLogin = createLoginWatch(program.isLoggedIn, onLogin)
  let onHalted: (() => void) | undefined

  const isAnswered = () => calls.underWay() === 0 && !intake.isBehind()
  const isQuiet = () => isAnswered() && intake.frame() === undefined

  function answeredLate(): void {
    intake.answered()
    settle()
  }

  function taken(): void {
    if (!stream.destroyed) frameMemory.make(intake.announced())
    settle()
  }

  function settle(): void {
    backpressure.update()
    noteLogin()
    if (isAnswered()) onHalted?.()
    if (isQuiet()) onQuiet()
  }

  function receive(chunk: Buffer): void {
    onBusy()
    intake.feed(chunk)
  }

  noteLogin()
  stream.on('data', receive)
  stream.on('drain', backpressure.update)
  backpressure.update()
  return {
    snapshot: () => (isQuiet() ? program.snapshot() : undefined),
    isIdleAnonymous: () => calls.underWay() === 0 && !program.isLoggedIn(),
    halt() {
      const { promise, resolve } = Promise.withResolvers<void>()
      onHalted = resolve
      backpressure.halt()
      drain(stream, receive)
      settle()
      return promise
    },
    leave: () => program.leave().then(intake.isOwnModule() ? () => void stream.end(GOODBYE) : undefined),
    ended: closed(stream).then(backpressure.end).then(frameMemory.drop).then(program.end),
  }
}

/** For the log. */
export const shownPeer = (peer: Peer): { uid?: number } | { address: string } => {
  if (typeof peer === 'string') return { address: peer }
  return typeof peer === 'number' ? { uid: peer } : {}
}

/** @returns closes the connection, and logs why */
const createClose =
  (stream: Duplex, { peer, refusals }: ConnectionNeeds) =>
  (why: Readonly<Record<string, unknown>>): void => {
    refusals.closed({ ...why, ...shownPeer(peer) }, 'a PKCS#11 connection was closed')
    stream.destroy()
  }

/** @returns looks whether that has changed; nobody is logged in at first */
function createLoginWatch(isLoggedIn: () => boolean, onChange: (isLoggedIn: boolean) => void): () => void {
  let known = false
  return () => {
    if (isLoggedIn() === known) return
    known = !known
    onChange(known)
  }
}

/** What has been read from the stream and not been taken yet. */
function drain(stream: Duplex, receive: (chunk: Buffer) => void): void {
  while (stream.readableLength > 0) receive(stream.read())
}

const reasonOf = (error: unknown): { reason: string } | { err: unknown } =>
  error instanceof MalformedRequest ? { reason: error.message } : { err: error }

function closed(stream: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.once('close', resolve)
  // A broken connection is closed, and there is no more to be known of it.
  stream.on('error', () => undefined)
  return promise
}
