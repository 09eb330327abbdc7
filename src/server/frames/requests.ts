/** The requests of one connection: begun in order, answered as they are done. */
import { isOperation } from '../../contract/check.ts'
import { HsmError } from '../../contract/errors.ts'
import { TELL } from '../../contract/wire.ts'
import { beginExchange, type Exchange, type ExchangeNeeds, fail, type Head, leave } from '../exchange.ts'
import type { Peer, PeerNeeds } from '../peer.ts'
import { receive } from './body.ts'
import type { FrameHead } from './head.ts'
import type { FrameBody } from './intake.ts'
import type { Output } from './output.ts'

export type RequestsNeeds = ExchangeNeeds &
  PeerNeeds & { readonly limits: { readonly requestsPerConnection: number } }

export type Requests = {
  begin(id: number, head: FrameHead, bodyBytes: number): FrameBody
  /** Id of the last one that was begun. */
  lastTaken(): number
  /** How many have not been answered. */
  unanswered(): number
  /** Whether one more may be begun. */
  hasRoom(): boolean
  /** A sign of life, which is charged to whoever has no session. @returns whether there may be more of them */
  pong(id: number): boolean
  /** What has come is no frame. @param why ends a sentence about it */
  noteMalformed(why: string): void
  /** A frame has not come in time. */
  late(): void
  /** The connection is gone. */
  gone(): void
}

export type RequestsUse = {
  /** All of a request has come, and is worked on next. */
  readonly onArrived: () => void
  /** There was no room for one more, and now there is. */
  readonly onRoom: () => void
}

/** Of the event loop, for peers without a session. */
const PING_COST_MS = 0.002
const MALFORMED_COST_MS = 1

export function createRequests(
  needs: RequestsNeeds,
  peer: Peer,
  output: Output,
  { onArrived, onRoom }: RequestsUse,
): Requests {
  const { limits, budgets, requestLog } = needs
  const { connection } = peer
  const open = new Set<Exchange>()
  let arriving: Exchange | undefined
  let lastTaken = 0
  let unanswered = 0
  const hasRoom = () => open.size < limits.requestsPerConnection

  function begin(id: number, head: Head): Exchange {
    unanswered += 1
    const exchange = beginExchange(needs, peer, head, {
      cutOff: connection.destroy,
      answer({ outcome, body }) {
        unanswered -= 1
        output.send(outcome === 'ok' ? TELL.reply : TELL.refusal, id, body, () => over(exchange))
      },
    })
    open.add(exchange)
    return exchange
  }
  function over(exchange: Exchange): void {
    const wasFull = !hasRoom()
    open.delete(exchange)
    leave(exchange)
    if (wasFull) onRoom()
  }
  function noteMalformed(why: string): void {
    const user = peer.user()
    if (user === undefined) budgets.charge(connection.peer, MALFORMED_COST_MS)
    const fields = { operation: undefined, outcome: 'malformed-frame', ms: 0, frame: why }
    requestLog.note(connection, user, fields)
  }
  /** The one whose body has not come yet, if there is one. */
  function failArriving(error: HsmError): void {
    if (arriving) fail(arriving, error)
    arriving = undefined
  }

  return {
    begin(id, head, bodyBytes) {
      lastTaken = id
      const exchange = begin(id, headOf(head))
      const body = receive(exchange, bodyBytes)
      arriving = exchange
      return {
        piece: body.piece,
        end() {
          arriving = undefined
          onArrived()
          body.end()
        },
      }
    },
    lastTaken: () => lastTaken,
    unanswered: () => unanswered,
    hasRoom,
    pong(id) {
      output.send(TELL.pong, id)
      if (peer.user() !== undefined) return true
      budgets.charge(connection.peer, PING_COST_MS)
      return budgets.has(connection.peer)
    },
    noteMalformed,
    late() {
      failArriving(new HsmError('invalid-request', 'The request body arrived too slowly'))
      noteMalformed('arrived too slowly')
    },
    gone() {
      failArriving(new HsmError('unavailable', 'The connection was closed before the request was complete'))
      for (const exchange of open) leave(exchange)
      open.clear()
    },
  }
}

/** As in HTTP (RFC 6750 §2.1), for tokens are the same. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,256}=*$/

function headOf({ operation, token, bound }: FrameHead): Head {
  const named = { operation: isOperation(operation) ? operation : undefined, bound }
  if (token === '') return { ...named, token: undefined }
  if (TOKEN.test(token)) return { ...named, token }
  return { ...named, token: undefined, refused: new HsmError('not-logged-in', 'This is no session token') }
}
