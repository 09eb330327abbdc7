/** Operations as frames on a TLS connection, without HTTP: docs/FRAMES.md is the protocol. */
import type { TLSSocket } from 'node:tls'
import type { Waits } from '../../base/waits.ts'
import { HsmError } from '../../contract/errors.ts'
import { TELL } from '../../contract/wire.ts'
import type { Connection } from '../../listener/connection.ts'
import type { Protocol } from '../../listener/tls.ts'
import { createPeer } from '../peer.ts'
import { createArrival } from './arrival.ts'
import { createIntake } from './intake.ts'
import { createOutput } from './output.ts'
import { createRequests, type RequestsNeeds } from './requests.ts'

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

/** Frames of one connection in one turn of the event loop: others have theirs, too. */
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
  const { limits, waits } = needs
  let isOver = false
  let isPlanned = false
  const output = createOutput({ socket, waits: waits.reply, onDeaf: connection.destroy, onDrained: takeIn })
  const onArrived = () => arrival.complete()
  const requests = createRequests(needs, createPeer(needs, connection), output, { onArrived, onRoom: takeIn })
  const arrival = createArrival(waits.body, () => {
    requests.failArriving(new HsmError('invalid-request', 'The request body arrived too slowly'))
    refuse('arrived too slowly')
  })
  const intake = createIntake({
    frameBytes: DRAINED_BODIES * limits.bodyBytes,
    onPing(id) {
      arrival.complete()
      output.send(TELL.pong, id)
      if (!requests.mayPing()) stop()
    },
    onRequest: requests.begin,
    onMalformed: refuse,
  })

  function refuse(why: string): void {
    requests.noteMalformed(why)
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

  const mayTake = () => !isOver && !output.isFull() && requests.hasRoom()
  /** As much as there may be now of what has come. Others on this event loop have their turns, too. */
  function takeIn(): void {
    if (isOver || isPlanned) return
    let hasMore = true
    for (let taken = 0; hasMore && mayTake() && taken < FRAMES_PER_TURN; taken++) hasMore = intake.next()
    output.flush()
    arrival.look(!hasMore && !isOver && intake.isPartial())
    if (isOver || !hasMore) return void socket.resume()
    socket.pause()
    // Otherwise this is called again as soon as there is room.
    isPlanned = mayTake()
    if (isPlanned) setImmediate(takeNext)
  }
  function takeNext(): void {
    isPlanned = false
    takeIn()
  }

  return {
    take(bytes) {
      if (isOver) return
      intake.push(bytes)
      takeIn()
    },
    goAway,
    gone() {
      isOver = true
      arrival.complete()
      requests.gone()
    },
  }
}
