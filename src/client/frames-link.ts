/** Requests as frames (docs/FRAMES.md). */
import { LIMITS } from '../contract/limits.ts'
import { TELL } from '../contract/wire.ts'
import { connectionLost, notUnderstood, type ServerAddress, tookTooLong } from './failures.ts'
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
  // An HSM that has ended its side answers nothing more.
  socket.once('end', takeNoMore)
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
  function send(request: WireRequest, timeoutMs: number): Promise<WireReply | undefined> {
    const pending = createPending(server, timeoutMs, liveness.begin())
    requests.whenRoom(() => begin(request, pending), pending.isWaiting)
    return pending.reply
  }
  return {
    server,
    isOpen,
    send,
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

type Pending = Sent & {
  readonly reply: Promise<WireReply | undefined>
  isWaiting(): boolean
}

/** A reply that is waited for. @param over called once, when that has ended */
function createPending(server: ServerAddress, timeoutMs: number, over: () => void): Pending {
  const { promise: reply, resolve, reject } = Promise.withResolvers<WireReply | undefined>()
  let isWaiting = true
  const end = () => {
    if (!isWaiting) return
    isWaiting = false
    callOff()
    over()
  }
  const fail = (error: Error) => {
    end()
    reject(error)
  }
  const callOff = afterWaiting(timeoutMs, () => fail(tookTooLong(server, timeoutMs)))
  return {
    reply,
    isWaiting: () => isWaiting,
    settle(sent) {
      end()
      resolve(sent)
    },
    fail,
  }
}
