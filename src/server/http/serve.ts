/** One HTTP request, of either version, as an exchange. */
import type { Readable } from 'node:stream'
import type { Waits } from '../../base/waits.ts'
import { ERRORS } from '../../contract/errors.ts'
import type { Answer } from '../answer.ts'
import { arrive, beginExchange, carryOut, type ExchangeNeeds, fail, leave } from '../exchange.ts'
import type { Peer, PeerNeeds } from '../peer.ts'
import { type Body, receive } from './body.ts'
import { type HttpHead, readHead } from './head.ts'

export type HttpLimits = {
  readonly bodyBytes: number
  readonly headerBytes: number
  readonly requestsPerConnection: number
}

export type HttpNeeds = ExchangeNeeds &
  PeerNeeds & {
    readonly limits: HttpLimits
    /** For bodies that arrive, and for answers that are taken. */
    readonly waits: { readonly body: Waits; readonly reply: Waits }
  }

/** The connection's side of one request. */
export type HttpRequest = HttpHead & {
  readonly body: Readable
  /** Header and body leave in one write. Does nothing when the peer is gone. */
  send(status: number, body: Buffer): void
  /** Ends the request at once, in whatever state. */
  cutOff(): void
  /** @param left called when the answer has been taken, or nobody is there to take it */
  onLeft(left: () => void): void
}

/** Read and thrown away after a refusal. */
const DRAINED_BODIES = 4

/** Must be called in the turn in which the request came. */
export function serve(needs: HttpNeeds, peer: Peer, request: HttpRequest): void {
  const { limits, waits } = needs
  const { cutOff } = request
  let body: Body | undefined
  let isLeft = false
  let untaken: (() => void) | undefined
  const exchange = beginExchange(needs, peer, readHead(request), {
    cutOff,
    answer(answer) {
      body?.discard()
      if (isLeft) return
      request.send(statusOf(request, answer), answer.body)
      untaken = waits.reply.begin(cutOff)
    },
  })
  const requestBytes = exchange.bodyBytes
  body = receive(
    request.body,
    { requestBytes, drainedBytes: DRAINED_BODIES * limits.bodyBytes, waits: waits.body, cutOff },
    {
      arrive: (bytes) => arrive(exchange, bytes),
      whole: (bytes) => carryOut(exchange, bytes),
      failed: (error) => fail(exchange, error),
    },
  )
  if (untaken) body.discard()
  request.onLeft(() => {
    isLeft = true
    untaken?.()
    leave(exchange)
  })
}

const statusOf = ({ method }: HttpHead, { outcome }: Answer): number => {
  if (method !== 'POST') return 405
  return outcome === 'ok' ? 200 : ERRORS[outcome].http
}

/** Besides the length of the body. */
export const REPLY_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['content-type', 'application/json'],
  ['cache-control', 'no-store'],
]
