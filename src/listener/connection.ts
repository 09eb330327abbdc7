/** One accepted socket, owned from its first byte to its end: every stage has a time limit. */
import type { Socket } from 'node:net'
import { peerOf } from './peer.ts'

export type Connection = {
  readonly remote: string | undefined
  /** Who it comes from, for what is limited by peer; see `peerOf`. */
  readonly peer: string
  /**
   * The handshake is over, if there is one.
   * @param hangUp ends it in good order, when nothing is under way on it
   * @param waits how long it may go without a session; left out, as long as anybody who says nothing
   */
  established(hangUp: () => void, waits?: 'anonymous' | 'idle'): void
  /** Something is under way; returns the function that ends it. */
  begin(): () => void
  /** Something is being worked on for it, so that it does not give way to others; returns the function that ends it. */
  hold(): () => void
  isHeld(): boolean
  /** Peers that have a session may stay longer. */
  showedSession(): void
  /** Whether it is not closed for being idle from now on. */
  keepWhenIdle(isKept: boolean): void
  /** Called once, when it is gone or being destroyed. */
  onGone(listener: () => void): void
  /** In good order, as soon as nothing is under way. */
  close(): void
  destroy(): void
}

export type ConnectionLimits = {
  readonly handshakeMs: number
  readonly anonymousConnectionMs: number
  readonly idleConnectionMs: number
}

/** For what was written last to arrive, and the peer to close its side. */
const HANG_UP_MS = 1000
/** For what is under way on a connection whose time is up, before it is cut off. */
const LAST_CHANCE_MS = 10_000

/** @param onSession called when it shows a session for the first time */
export function createConnection(
  socket: Socket,
  limits: ConnectionLimits,
  onSession: () => void,
): Connection {
  const end = createEnd(socket)
  let inFlight = 0
  let holds = 0
  let session = false
  let keptWhenIdle = false
  let overdue = false
  let closing = false

  const timeIsUp = () => {
    overdue = true
    if (inFlight === 0) end.leave()
    else end.after(LAST_CHANCE_MS, end.destroy)
  }
  const becameIdle = () => {
    if (overdue || closing) end.leave()
    else if (session && !keptWhenIdle) end.after(limits.idleConnectionMs, timeIsUp)
  }
  end.after(limits.handshakeMs, end.destroy)

  return {
    remote: socket.remoteAddress,
    peer: peerOf(socket.remoteAddress),
    established(hangUp, waits = 'anonymous') {
      end.hangUpWith(hangUp)
      if (closing) end.leave()
      else end.after(limits[`${waits}ConnectionMs`], timeIsUp)
    },
    begin() {
      inFlight += 1
      if (session && !overdue) end.never()
      return () => {
        inFlight -= 1
        if (inFlight === 0) becameIdle()
      }
    },
    hold() {
      holds += 1
      return () => {
        holds -= 1
      }
    },
    isHeld: () => holds > 0,
    showedSession() {
      if (session || end.isGone()) return
      session = true
      overdue = false
      end.never()
      onSession()
    },
    keepWhenIdle(isKept) {
      keptWhenIdle = isKept
      if (!session || inFlight > 0) return
      end.never()
      becameIdle()
    },
    close() {
      closing = true
      if (inFlight === 0) end.leave()
    },
    destroy: end.destroy,
    onGone: end.onGone,
  }
}

/** The end of a socket, and what it waits for. Does nothing more once it has come. */
function createEnd(socket: Socket) {
  const listeners: (() => void)[] = []
  let hangUp: (() => void) | undefined
  let gone = false
  let timer: NodeJS.Timeout | undefined
  const left = () => {
    if (gone) return
    gone = true
    clearTimeout(timer)
    for (const listener of listeners) listener()
  }
  const destroy = () => {
    left()
    // Not within a callback of the TLS socket above it, which Node 26 does not survive.
    setImmediate(() => socket.destroy())
  }
  const after = (ms: number, what: () => void) => {
    clearTimeout(timer)
    if (!gone) timer = setTimeout(what, ms)
  }
  socket.on('error', () => undefined) // 'close' follows
  socket.once('close', left)
  return {
    destroy,
    after,
    never: () => clearTimeout(timer),
    isGone: () => gone,
    onGone(listener: () => void) {
      listeners.push(listener)
    },
    hangUpWith(how: () => void) {
      hangUp = how
    },
    leave() {
      if (gone) return
      if (hangUp) {
        hangUp()
        return after(HANG_UP_MS, destroy)
      }
      // Whoever got nothing cannot have asked for anything. Others may have, before this side sees the end of their handshake: it
      // keeps its time, and they are told then that nothing was taken.
      if (socket.bytesWritten === 0) destroy()
    },
  }
}
