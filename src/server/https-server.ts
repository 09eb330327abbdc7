/** The operations over TLS 1.3 on one port: as `POST /v1/<operation>` over HTTP/1.1 and HTTP/2, and as frames. */
import type { Log } from '../base/log.ts'
import { createWaits } from '../base/waits.ts'
import type { CallSource } from '../contract/call-source.ts'
import type { Admit, Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import { FRAMES_PROTOCOL } from '../contract/wire.ts'
import { type AnonymousLimits, createAnonymousBudgets } from '../listener/anonymous-budgets.ts'
import type { AnonymousShare } from '../listener/anonymous-share.ts'
import type { ConnectionsLimits } from '../listener/connections.ts'
import { createListener, type Listener } from '../listener/listener.ts'
import { createTls, type Protocols, type TlsIdentity } from '../listener/tls.ts'
import { BYTE_COST_MS } from './exchange.ts'
import { frames } from './frames/frames.ts'
import { http1 } from './http/http1.ts'
import { http2 } from './http/http2.ts'
import type { HttpNeeds } from './http/serve.ts'
import { createInFlight, type InFlight, type InFlightLimits } from './in-flight.ts'
import { createRequestLog, type RequestLogLimits } from './request-log.ts'
import { createUnderWay } from './under-way.ts'

export type HttpsServerNeeds = {
  readonly hsm: Hsm
  readonly admit: Admit
  readonly tls: TlsIdentity
  readonly log: Log
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  /** Milliseconds that this thread has had of a processor. */
  readonly worked: () => number
  /** Called with the token of each session that was bound to a connection which is gone, and where that came from. */
  readonly onConnectionClosed: (token: string, source: CallSource) => void
  /** Of other modules, on the same port. @param anonymous what all peers without a login have together */
  readonly protocols?: (anonymous: AnonymousShare) => Protocols
  readonly limits?: Partial<ServerLimits>
}

export type ServerLimits = ConnectionsLimits &
  AnonymousLimits &
  InFlightLimits &
  RequestLogLimits &
  HttpNeeds['limits'] & {
    /** For a body to arrive, and for an answer to be taken. */
    readonly requestBodyMs: number
    readonly replyMs: number
  }

/** `close` resolves when requests under way have finished, also those whose peers are gone. */
export type HttpsServer = Listener & {
  /** For connections that are made from now on. */
  setCertificate(identity: TlsIdentity): void
}

/** Of the event loop; estimated for one processor of a small server. */
const HANDSHAKE_COST_MS = 1.5

function beginAnonymous(inFlight: InFlight, peer: string): () => void {
  const reservation = inFlight.reserve({ user: undefined, revokes: false }, peer)
  reservation.enter()
  return reservation.leave
}

/** Serves nothing until `listen` is called. */
export function createHttpsServer(needs: HttpsServerNeeds): HttpsServer {
  const limits: ServerLimits = { ...LIMITS, ...needs.limits }
  const budgets = createAnonymousBudgets(limits, needs.monotonic)
  const requestLog = createRequestLog(needs.log, limits, needs.monotonic)
  const inFlight = createInFlight(limits)
  const underWay = createUnderWay()
  const waits = { body: createWaits(limits.requestBodyMs), reply: createWaits(limits.replyMs) }
  const parts = { ...needs, limits, budgets, inFlight, underWay, requestLog, waits }
  const tls = createTls({
    identity: needs.tls,
    protocols: {
      [FRAMES_PROTOCOL]: frames(parts),
      h2: http2(parts),
      'http/1.1': http1(parts),
      ...needs.protocols?.({
        ...budgets,
        msPerByte: BYTE_COST_MS,
        begin: (peer) => beginAnonymous(inFlight, peer),
      }),
    },
    handshakeMs: limits.handshakeMs,
  })
  const listener = createListener({
    limits,
    budgets,
    startCostMs: HANDSHAKE_COST_MS,
    start: tls.start,
    onAcceptError: (err) => needs.log('warn', { err }, 'a connection could not be accepted'),
  })
  return {
    listen: listener.listen,
    setCertificate: tls.setIdentity,
    async close({ graceMs }) {
      const graceOver = Promise.withResolvers<void>()
      const timer = setTimeout(graceOver.resolve, graceMs)
      const done = listener.close({ graceMs }).then(() => underWay.none())
      await Promise.race([done, graceOver.promise])
      clearTimeout(timer)
      requestLog.end()
    },
  }
}
