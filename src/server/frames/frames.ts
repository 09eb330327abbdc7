/** Operations as frames on a TLS connection, without HTTP: docs/FRAMES.md is the protocol. */
import type { TLSSocket } from 'node:tls'
import type { Waits } from '../../base/waits.ts'
import { TELL } from '../../contract/wire.ts'
import type { Connection } from '../../listener/connection.ts'
import type { Protocol } from '../../listener/tls.ts'
import { createPeer } from '../peer.ts'
import { createArrival } from './arrival.ts'
import { createIntake } from './intake.ts'
import { createOutput } from './output.ts'
import { createRequests, type RequestsNeeds } from './requests.ts'
import { createTurn } from './turn.ts'

export type FramesNeeds = RequestsNeeds & {
  readonly limits: { readonly bodyBytes: number }
  /** For frames that arrive, and for answers that are taken. */
  readonly waits: { readonly body: Waits; readonly reply: Waits }
}

export const frames = (needs: FramesNeeds): Protocol => ({
  start(socket, connection) {
    const talk = createTalk(needs, socket, connection)
    socket.on('data', talk.take)
    socket.once('close', connection.destroy)
    connection.onGone(talk.gone)
    connection.established(() => {
      talk.goAway()
      socket.end()
      // What still comes is thrown away: a connection that is closed with something unread is reset.
      socket.resume()
    })
  },
})

/** Frames of one connection in one turn of the event loop. */
const FRAMES_PER_TURN = 32
/** A frame that is refused may be so much larger than what is kept, to be read and thrown away. */
const DRAINED_BODIES = 4

type Talk = {
  take(bytes: Buffer): void
  /** Takes nothing more, and says so. */
  goAway(): void
  /** The connection is gone. */
  gone(): void
}

function createTalk(needs: FramesNeeds, socket: TLSSocket, connection: Connection): Talk {
  let isOver = false
  /** Something is there that has not been taken in. */
  let isHeld = false
  const turn = createTurn(FRAMES_PER_TURN, () => {
    if (isHeld) takeIn()
  })
  const output = createOutput({
    socket,
    waits: needs.waits.reply,
    onDeaf: connection.destroy,
    onDrained: turn.plan,
    due: () => requests.unanswered(),
  })
  const use = { onArrived: () => arrival.complete(), onRoom: turn.plan }
  const requests = createRequests(needs, createPeer(needs, connection), output, use)
  const arrival = createArrival(needs.waits.body, onLate)
  const intake = createIntake({
    frameBytes: DRAINED_BODIES * needs.limits.bodyBytes,
    onPing: (id) => {
      arrival.complete()
      if (!requests.pong(id)) stop()
    },
    onRequest: requests.begin,
    onMalformed: (why) => {
      requests.noteMalformed(why)
      stop()
    },
  })

  function onLate(): void {
    requests.late()
    stop()
  }
  /** The connection ends when nothing is under way on it. */
  function stop(): void {
    goAway()
    connection.close()
  }
  function goAway(): void {
    if (isOver) return
    isOver = true
    arrival.complete()
    output.send(TELL.goingAway, requests.lastTaken())
    output.flush()
  }

  /** As much as there may be in this turn of what has come, in however many pieces. @returns whether there is more */
  function takeSome(): boolean {
    while (!isOver && !output.isFull() && requests.hasRoom() && turn.take()) if (!intake.next()) return false
    return !isOver
  }
  function takeIn(): void {
    if (isOver) return
    isHeld = takeSome()
    if (isHeld) output.flush() // the peer takes these while more is worked on; others leave at the end of the turn
    arrival.look(!isHeld && !isOver && intake.isPartial())
    if (isHeld) socket.pause()
    else socket.resume()
  }

  return {
    take(bytes) {
      if (isOver) return
      intake.push(bytes)
      if (!isHeld) takeIn()
    },
    goAway,
    gone() {
      isOver = true
      arrival.complete()
      requests.gone()
    },
  }
}
