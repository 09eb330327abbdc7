/** What a connection to an HSM may speak. */
import { FRAMES_PROTOCOL } from '../contract/wire.ts'
import { createFramesLink } from './frames-link.ts'
import { createHttp2Link } from './http2-link.ts'
import type { Link, LinkOptions } from './link.ts'

/** In ALPN (RFC 7301), the preferred one first. HSMs of earlier versions speak HTTP/2 only. */
export const PROTOCOLS = [FRAMES_PROTOCOL, 'h2'] as const

/** @param socket whose TLS handshake is done, and has chosen one of `PROTOCOLS` */
export const createLink = (options: LinkOptions): Link =>
  options.socket.alpnProtocol === FRAMES_PROTOCOL ? createFramesLink(options) : createHttp2Link(options)
