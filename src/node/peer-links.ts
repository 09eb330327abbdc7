/**
 * Connections between the nodes of a cluster, on the port that clients use: `strongroom-node/1` in ALPN, TLS 1.3. Each node
 * makes one to every other, and only writes on it. Who it reaches is known by the cluster's CA. Who reaches it is known by
 * what arrives: frames that carry a MAC. Their binding is exported from TLS (RFC 9266), so no frame is good elsewhere.
 */
import { X509Certificate } from 'node:crypto'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { parseListen } from '../base/listen-address.ts'
import type { Log } from '../base/log.ts'
import type { PeerLink, PeerLinks, PeerLinksHooks } from '../cluster/peer-links.ts'
import { FRAME_BYTES } from '../cluster/peer-messages.ts'
import type { Clock } from '../cluster/timing.ts'
import { createTroubleLog } from '../cluster/trouble-log.ts'
import { HSM_NAME } from '../contract/wire.ts'
import type { Connection } from '../listener/connection.ts'
import type { Protocols } from '../listener/tls.ts'

/** In ALPN. What is spoken on it never changes: another version has another name. */
const PROTOCOL = 'strongroom-node/1'

export type PeerLinksNeeds = {
  /** PEM of the cluster's CA, as soon as anything is to be connected. */
  readonly ca: () => string
  readonly clock: Clock
  readonly log: Log
}

/** For a connection and its handshake. */
const DIAL_MS = 3000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5000
/** Nodes say something every second. */
const SILENCE_MS = 10_000
/** Of frames that the other node does not take. */
const UNTAKEN_BYTES = 16 * 1024

/** @returns what `cluster/` needs, and what a listener needs for the connections of others */
export function createPeerLinks(needs: PeerLinksNeeds): PeerLinks & { readonly protocols: Protocols } {
  const dialled = new Map<string, Dialled>()
  const up = new Map<string, PeerLink>()
  let hooks: PeerLinksHooks | undefined
  const strangers = createTroubleLog(needs.log, needs.clock, {
    trouble: 'somebody connected as an HSM of this cluster and did not show to be one: nothing of it counted',
  })

  const dialTo = (address: string): Dialled =>
    keepDialled(address, needs, {
      onUp(link) {
        up.set(address, link)
        hooks?.onLink(link)
      },
      onDown: () => void up.delete(address),
    })
  const drop = (address: string) => {
    dialled.get(address)?.end()
    dialled.delete(address)
  }

  return {
    open(given) {
      hooks = given
    },
    keep(addresses) {
      if (!hooks) return
      for (const address of dialled.keys()) if (!addresses.includes(address)) drop(address)
      for (const address of addresses) if (!dialled.has(address)) dialled.set(address, dialTo(address))
    },
    renew: (address) => dialled.get(address)?.renew(),
    links: () => up,
    close() {
      hooks = undefined
      for (const address of [...dialled.keys()]) drop(address)
    },
    protocols: {
      [PROTOCOL]: {
        start: (socket, connection) =>
          receive(socket, connection, { hooks: () => hooks, onStranger: strangers.report }),
      },
    },
  }
}

type Reception = {
  /** Undefined while this node belongs to no cluster. */
  readonly hooks: () => PeerLinksHooks | undefined
  /** Told of a connection that is gone, and who it was from. */
  readonly onStranger: (problem: string) => void
}

/** Takes frames from whoever connects, until one is not from a node of the cluster. */
function receive(socket: TLSSocket, connection: Connection, { hooks, onStranger }: Reception): void {
  const binding = bindingOf(socket)
  let rest: Uint8Array = new Uint8Array()
  let said: 'nothing whole' | 'something of a node' | 'something else' = 'nothing whole'
  connection.established(() => socket.destroySoon())
  connection.onGone(() => {
    if (said !== 'something of a node' && hooks()) onStranger(`${connection.remote ?? 'it'} said ${said}`)
  })
  socket.setTimeout(SILENCE_MS, connection.destroy)
  socket.on('close', connection.destroy)
  const take = (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (; bytes.length - at >= FRAME_BYTES; at += FRAME_BYTES) {
      const isOurs = hooks()?.onFrame(bytes.subarray(at, at + FRAME_BYTES), binding)
      said = isOurs ? 'something of a node' : 'something else'
      if (!isOurs) {
        // The socket lives on for a moment.
        socket.off('data', take).resume()
        return connection.destroy()
      }
      connection.showedSession()
    }
    rest = Uint8Array.from(bytes.subarray(at))
  }
  socket.on('data', take)
}

type Dialled = { renew(): void; end(): void }
type DialledHooks = { readonly onUp: (link: PeerLink) => void; readonly onDown: () => void }

/** Connects, and connects again, until it is ended. */
function keepDialled(
  address: string,
  { ca, clock, log }: PeerLinksNeeds,
  { onUp, onDown }: DialledHooks,
): Dialled {
  const trouble = createTroubleLog(log, clock, {
    trouble: `the HSM at ${address} is not reached directly: what they acknowledge to each other goes through etcd`,
    over: `the HSM at ${address} is reached directly again`,
  })
  let current: TLSSocket | undefined
  let timer: NodeJS.Timeout | undefined
  let pauseMs = FIRST_PAUSE_MS
  let ended = false

  function dial(): void {
    const socket = dialOnce(address, ca())
    current = socket
    let problem: Error = new Error('the connection has ended')
    socket.on('error', (error) => {
      problem = error
    })
    socket.setTimeout(DIAL_MS, () => socket.destroy(new Error('no answer')))
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== PROTOCOL) return socket.destroy(new Error(`it does not speak ${PROTOCOL}`))
      socket.setTimeout(0)
      socket.setNoDelay(true)
      pauseMs = FIRST_PAUSE_MS
      trouble.over()
      onUp(linkOver(socket))
    })
    // A node says nothing here.
    socket.on('data', () => socket.destroy(new Error('it does not keep to the protocol')))
    socket.once('close', () => {
      onDown()
      if (ended) return
      trouble.report(problem)
      timer = setTimeout(dial, pauseMs)
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    })
  }
  dial()

  return {
    renew: () => current?.destroy(),
    end() {
      ended = true
      clearTimeout(timer)
      current?.destroy()
    },
  }
}

function dialOnce(address: string, ca: string): TLSSocket {
  const { host, port } = parseListen(address) ?? { host: address, port: 0 }
  return connect({
    host,
    port,
    ca,
    minVersion: 'TLSv1.3',
    ALPNProtocols: [PROTOCOL],
    checkServerIdentity: (_, certificate) => checkName(certificate),
  })
}

/** As clients do: certificates outlive the addresses of HSMs. */
const checkName = ({ raw }: PeerCertificate): Error | undefined =>
  new X509Certificate(raw).checkHost(HSM_NAME)
    ? undefined
    : new Error(`the certificate does not name ${HSM_NAME}`)

const linkOver = (socket: TLSSocket): PeerLink => ({
  binding: bindingOf(socket),
  write(...frames) {
    if (socket.writableLength > UNTAKEN_BYTES) socket.destroy(new Error('it does not take what it is told'))
    else socket.write(Buffer.concat(frames))
  },
})

const NO_CONTEXT = Buffer.alloc(0)

/** Both ends of a connection get the same, and nobody else. */
const bindingOf = (socket: TLSSocket): string =>
  socket.exportKeyingMaterial(32, 'EXPORTER-strongroom-node', NO_CONTEXT).toString('hex')
