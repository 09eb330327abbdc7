/** Requests as frames (docs/FRAMES.md). */
import { LIMITS } from '../contract/limits.ts'
import { TELL } from '../contract/wire.ts'
import { connectionLost, notUnderstood, tookTooLong } from './failures.ts'
import { createFrameReader } from './frame-reader.ts'
import { createFrameWriter } from './frame-writer.ts'
import type { Link, LinkOptions, WireReply, WireRequest } from './link.ts'
import { createLiveness } from './liveness.ts'
import { afterWaiting } from './patience.ts'
import { createSentRequests, type Sent } from './sent-requests.ts'

const LAST_ID = 0xffff_ffff

export function createFramesLink({ server, socket, onLost, isElsewhereBetter }: LinkOptions): Link {
  const writer = createFrameWriter(socket)
  const requests = createSentRequests(LIMITS.requestsPerConnection)
  const pings: (() => void)[] = []
  let nextId = 1
  let isOver = false
  /** Replies that are due still come. */
  const takeNoMore = () => {
    isOver = true
    requests.stop(() => socket.end())
  }
  const malformed = () => {
    requests.failAll(notUnderstood(server))
    socket.destroy()
  }
  function take(kind: number, id: number, body: Buffer): void {
    if (kind === TELL.reply || kind === TELL.refusal) {
      requests.end(id, { isRefusal: kind === TELL.refusal, body })
    } else if (kind === TELL.pong) {
      pings.shift()?.()
    } else if (kind === TELL.goingAway) {
      takeNoMore()
      requests.takenUpTo(id)
    } else malformed()
  }
  const liveness = createLiveness({
    ping(answered) {
      pings.push(answered)
      writer.ping()
    },
    giveUp: () => socket.destroy(),
    isElsewhereBetter,
  })
  socket.on('data', createFrameReader(LIMITS.replyBytes, take, malformed))
  socket.once('close', () => {
    takeNoMore()
    liveness.stop()
    requests.failAll(connectionLost(server))
  })
  socket.once('close', onLost)

  const isOpen = () => !isOver && !socket.destroyed
  function begin(request: WireRequest, sent: Sent): void {
    if (!isOpen()) return void sent.settle(undefined)
    const id = nextId
    nextId += 1
    requests.begin(id, sent)
    writer.request(id, request)
    if (id === LAST_ID) takeNoMore()
  }
  function ask(request: WireRequest, timeoutMs: number): Promise<WireReply | undefined> {
    const { promise, resolve: settle, reject: fail } = Promise.withResolvers<WireReply | undefined>()
    let isLate = false
    const callOff = afterWaiting(timeoutMs, () => {
      isLate = true
      fail(tookTooLong(server, timeoutMs))
    })
    requests.whenRoom(
      () => begin(request, { settle, fail }),
      () => !isLate,
    )
    return promise.finally(callOff)
  }
  return {
    server,
    isOpen,
    send: (request, timeoutMs) => ask(request, timeoutMs).finally(liveness.begin()),
    retire() {
      socket.off('close', onLost)
      takeNoMore()
    },
    close() {
      socket.off('close', onLost)
      socket.destroy()
    },
  }
}
