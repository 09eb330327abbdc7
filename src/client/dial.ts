/** Opens a TLS connection to an HSM of the cluster, and to nothing else. */
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { HSM_NAME } from '../contract/wire.ts'
import { type Failure, failureOf, NO_ANSWER, NO_TRUST, NOT_AN_HSM, type ServerAddress } from './failures.ts'
import { afterWaiting } from './patience.ts'

/** Which certificates of servers are believed, and which one the client has. */
export type Trust = {
  /** PEM of the cluster's CA: nobody else's word counts. */
  readonly ca: string
  /** PEM. The client's own certificate and key, for clusters that ask for them. */
  readonly cert?: string
  readonly key?: string
}

const KEEP_ALIVE_PROBE_MS = 60_000

export type DialOptions = {
  readonly trust: Trust
  readonly connectMs: number
  /** In ALPN, the preferred one first. */
  readonly protocols: readonly string[]
}

/**
 * Never rejects.
 * @param over gives up when it is aborted
 */
export function dial(
  server: ServerAddress,
  options: DialOptions,
  over: AbortSignal,
): Promise<TLSSocket | Failure> {
  const { promise, resolve } = Promise.withResolvers<TLSSocket | Failure>()
  const socket = begin(server, options)
  if (!socket) return Promise.resolve(NO_TRUST)
  const giveUp = (failure: Failure) => {
    stopWaiting()
    socket.destroy()
    resolve(failure)
  }
  const abandon = () => giveUp(NO_ANSWER)
  const stopWaiting = afterWaiting(options.connectMs, abandon)
  over.addEventListener('abort', abandon)
  socket.on('error', (error) => giveUp(failureOf(error)))
  socket.once('secureConnect', () => {
    if (!options.protocols.includes(String(socket.alpnProtocol))) return giveUp(NOT_AN_HSM)
    stopWaiting()
    over.removeEventListener('abort', abandon)
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS)
    resolve(socket)
  })
  return promise
}

/** Undefined when the certificates are none. Without a CA of its own Node would trust those of the public. */
function begin(server: ServerAddress, { trust, protocols }: DialOptions): TLSSocket | undefined {
  if (!trust.ca.includes('-----BEGIN CERTIFICATE-----')) return undefined
  try {
    return builtin('node:tls').connect({
      ...server,
      ...trust,
      minVersion: 'TLSv1.3',
      ALPNProtocols: [...protocols],
      checkServerIdentity: (_host, certificate) => checkName(certificate),
    })
  } catch {
    return undefined
  }
}

function checkName({ raw }: PeerCertificate): Error | undefined {
  if (new (builtin('node:crypto').X509Certificate)(raw).checkHost(HSM_NAME)) return undefined
  return Object.assign(new Error(`the certificate does not name ${HSM_NAME}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  })
}

/** Loading these by import would load all that they export lazily, too: 10 ms at every start of the CLI. */
const builtin = process.getBuiltinModule
