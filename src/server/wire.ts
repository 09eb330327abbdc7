import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'

/** A request, and the response to it, of either protocol. */
export type Incoming = IncomingMessage | Http2ServerRequest
export type Outgoing = ServerResponse | Http2ServerResponse

/** What a connection runs on: the TLS socket itself for HTTP/1.1, its session for HTTP/2. */
export type Carrier = TLSSocket | ServerHttp2Session

/** Undefined when the connection is gone already. */
export function carrierOf(request: Incoming): Carrier | undefined {
  const carrier = 'stream' in request ? request.stream.session : request.socket
  return carrier as Carrier | undefined
}

/** Lets HTTP/2 streams that are open come to their end; asks for no more. */
export function hangUp(carrier: Carrier): void {
  if ('alpnProtocol' in carrier && 'destroySoon' in carrier) carrier.destroySoon()
  else carrier.close()
}

/** RFC 9113 §7. */
const CANCEL = 8

/** Ends a request at once, in whatever state: with its connection over HTTP/1.1, by itself over HTTP/2. */
export function cutOff(request: Incoming): void {
  if ('stream' in request) request.stream.close(CANCEL)
  else request.destroy()
}
