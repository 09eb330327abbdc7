/** The connection of one program: bytes in and out, and no more of either than there is room for. */
import type { Duplex } from 'node:stream'
import { createAnswering } from './answering.ts'
import type { Attention } from './attention.ts'
import { BOUNDS, type Patience } from './bounds.ts'
import { createIntake } from './intake.ts'
import type { Memory } from './memory.ts'
import { createPace, type Standing } from './pace.ts'
import { createProgram, type ProgramNeeds, type Snapshot } from './program.ts'
import { createRoom } from './room.ts'
import { MalformedMessage } from './rpc/malformed.ts'

export type ConnectionNeeds = ProgramNeeds & {
  readonly memory: Memory
  readonly attention: Attention
  readonly patience: Patience
}

export type Connection = {
  /** Undefined while something that came has not been answered, and for a program that is not there yet. */
  snapshot(): Snapshot | undefined
  /** Not logged in, and nothing is asked. */
  isIdleAnonymous(): boolean
  /** Takes nothing more from the stream; resolves when all that came before has been answered. */
  halt(): Promise<void>
  /** Another process goes on with it from its snapshot. */
  leave(): Promise<void>
  /** Resolves when the stream is closed, and the program's login and objects are gone. */
  readonly ended: Promise<void>
}

export type Traffic = {
  /** Something has come. */
  readonly onBusy: () => void
  /** Everything that came has been answered. */
  readonly onQuiet: () => void
  /** The program has logged in, or out. */
  readonly onLogin: (isLoggedIn: boolean) => void
}

export function createConnection(
  stream: Duplex,
  needs: ConnectionNeeds,
  { onBusy, onQuiet, onLogin }: Traffic,
  from?: Snapshot,
): Connection {
  const program = createProgram(needs, from)
  const most = () => (program.isLoggedIn() ? BOUNDS.frameBytes : BOUNDS.anonymousFrameBytes)
  const room = createRoom(needs.memory, needs.peer, () => pace.keep())
  const calls = createAnswering(stream, program, room, answered)
  const intake = createIntake(stream, calls, most, from?.offered)
  const standing = (): Standing => ({
    underWay: calls.underWay(),
    hasBegun: program.hasBegun(),
    frame: intake.frame(),
    waits: room.isWaiting(),
  })
  const pace = createPace(stream, needs.patience, standing, (reason) => close({ reason }))
  const noteLogin = createLoginWatch(program.isLoggedIn, onLogin)
  let onHalted: (() => void) | undefined

  const isQuiet = () => calls.underWay() === 0 && intake.frame() === undefined

  function close(why: Readonly<Record<string, unknown>>): void {
    const uid = typeof needs.peer === 'number' ? needs.peer : undefined
    needs.refusals.closed({ ...why, uid }, 'a PKCS#11 connection was closed')
    stream.destroy()
  }

  function answered(): void {
    needs.attention.pay()
    pace.keep()
    noteLogin()
    settle()
  }

  function settle(): void {
    if (calls.underWay() === 0) onHalted?.()
    if (isQuiet()) onQuiet()
  }

  function receive(chunk: Buffer): void {
    onBusy()
    try {
      intake.feed(chunk)
    } catch (error) {
      close(reasonOf(error))
      return
    }
    room.make(intake.announced())
    pace.keep()
    settle()
  }

  noteLogin()
  stream.on('data', receive)
  stream.on('drain', pace.keep)
  pace.keep()
  return {
    snapshot: () => (isQuiet() ? program.snapshot() : undefined),
    isIdleAnonymous: () => calls.underWay() === 0 && !program.isLoggedIn(),
    halt() {
      const { promise, resolve } = Promise.withResolvers<void>()
      onHalted = resolve
      pace.halt()
      drain(stream, receive)
      settle()
      return promise
    },
    leave: program.leave,
    ended: closed(stream).then(pace.end).then(room.drop).then(program.end),
  }
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
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) receive(chunk)
}

const reasonOf = (error: unknown): { reason: string } | { err: unknown } =>
  error instanceof MalformedMessage ? { reason: error.message } : { err: error }

function closed(stream: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.once('close', resolve)
  // A broken connection is closed, and there is no more to be known of it.
  stream.on('error', () => undefined)
  return promise
}
