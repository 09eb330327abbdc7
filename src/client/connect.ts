/** The HSM of another process: the same interface, over frames or HTTPS, at whichever of its servers answers. */
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import type { OperationName } from '../contract/operations.ts'
import { wireJson } from '../contract/wire-json.ts'
import type { Trust } from './dial.ts'
import { connectionLost, type ServerAddress } from './failures.ts'
import type { Link, WireRequest } from './link.ts'
import { PROTOCOLS } from './protocols.ts'
import { createServers } from './servers.ts'
import { createSessionHomes } from './session-homes.ts'

export type ConnectOptions = {
  /** At least one, all of one cluster; tried in this order, the one that answered last before the others. */
  readonly servers: readonly ServerAddress[]
  readonly trust: Trust
  /** Sessions opened here end when the connection does, however that comes about. Default: they do not. */
  readonly bound?: boolean
  /**
   * For the TLS connection to one server; the next one is tried long before that. Time in which this process does not run
   * hardly counts. Default: 15,000.
   */
  readonly connectTimeoutMs?: number
  /** For the reply to one call. Default: 60,000. */
  readonly timeoutMs?: number
  /** In ALPN, the preferred one first. Default: frames, then HTTP/2. */
  readonly protocols?: readonly (typeof PROTOCOLS)[number][]
  /** A connection that was open is gone, and this side did not ask for it. The next call opens another. */
  readonly onDisconnected?: () => void
}

/** An HSM over the network. `close` ends its connections, and with them the sessions that are bound to them. */
export type RemoteHsm = Hsm & {
  /** Calls under way fail; the next one would connect again. */
  close(): void
}

type Decode = typeof import('./reply.ts').decodeReply

/** Its schemas are loaded while the HSM works: a one-shot command would wait for them otherwise. */
let decode: Decode | undefined
const loadDecoder = async (): Promise<Decode> => {
  decode = (await import('./reply.ts')).decodeReply
  return decode
}

/** Connects at the first call, and then again whenever it must. Calls may run side by side. */
export function connect(options: ConnectOptions): RemoteHsm {
  const {
    servers: addresses,
    trust,
    connectTimeoutMs = 15_000,
    timeoutMs = 60_000,
    bound = false,
    protocols = PROTOCOLS,
  } = options
  const homes = createSessionHomes()
  const servers = createServers({
    servers: addresses,
    dialling: { trust, connectMs: connectTimeoutMs, protocols },
    onLost(link) {
      servers.forget(link)
      homes.lost(link)
      options.onDisconnected?.()
    },
  })

  /** Undefined when the request certainly did not reach the HSM. */
  async function ask<K extends OperationName>(link: Link, operation: K, request: WireRequest) {
    const replying = link.send(request, timeoutMs)
    if (!decode) setImmediate(() => void loadDecoder())
    const reply = await replying
    if (reply) return (decode ?? (await loadDecoder()))(operation, reply, link.server)
    if (!link.isOpen()) servers.forget(link)
    return undefined
  }

  /** A server that does not serve has not touched the request; without a session another one is as good. */
  function moveOn(link: Link): undefined {
    servers.demote(link)
    if (!homes.has(link)) link.retire()
  }

  return {
    async call(operation, body, session) {
      const request = encodeRequest(operation, body, session, bound)
      try {
        for (let triesLeft = addresses.length; ; triesLeft -= 1) {
          const link = homes.of(session) ?? (await servers.link())
          const reply = await ask(link, operation, request).catch((error: unknown) => {
            if (session === undefined && triesLeft > 1 && isNotServing(error)) return moveOn(link)
            throw error
          })
          if (reply) return homes.noted(link, reply)
          if (triesLeft === 0) throw connectionLost(link.server)
        }
      } finally {
        // There may be a password in it.
        request.body.fill(0)
      }
    },
    close() {
      homes.close()
      servers.close()
    },
  }
}

const isNotServing = (error: unknown): boolean => error instanceof HsmError && error.code === 'not-serving'

function encodeRequest(
  operation: string,
  request: unknown,
  session: string | undefined,
  bound: boolean,
): WireRequest {
  if (!/^[a-z-]+\.[a-z-]+$/.test(operation)) throw new HsmError('unknown-operation')
  if (session !== undefined && !/^[\w.~+/-]+=*$/.test(session)) throw new HsmError('not-logged-in')
  const body = Buffer.from(wireJson(request as object))
  if (body.length > LIMITS.bodyBytes) {
    throw new HsmError('too-large', `The request is larger than ${LIMITS.bodyBytes} bytes`)
  }
  return { operation, session, bound, body }
}
