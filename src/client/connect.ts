/** The HSM as seen from another process: the same interface, over HTTPS. */
import { isOperation } from '../contract/check.ts'
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import { BINDING_HEADER, BINDING_VALUE, PATH_PREFIX } from '../contract/wire.ts'
import { dial, type Trust } from './dial.ts'
import { cannotConnect, connectionLost, type Failure, type ServerAddress } from './failures.ts'
import { createLink, type Link, type WireReply, type WireRequest } from './link.ts'
import { decodeReply } from './reply.ts'

export type ConnectOptions = {
  /** At least one; tried in this order. */
  readonly servers: readonly ServerAddress[]
  readonly trust: Trust
  /** Sessions opened here end when the connection does, however that comes about. Default: they do not. */
  readonly bound?: boolean
  /** For the TLS connection to one server. Default: 1000. */
  readonly connectTimeoutMs?: number
  /** For the reply to one call. Default: 60,000. */
  readonly timeoutMs?: number
  /** A connection that was open is gone, and this side did not ask for it. The next call opens another. */
  readonly onDisconnected?: () => void
}

export type RemoteHsm = Hsm & {
  /** Calls under way fail; the next one would connect again. */
  close(): void
}

/** A request that certainly did not reach the HSM is sent once more, over a new connection. */
const ATTEMPTS = 2

/** Connects at the first call, and then again whenever it must. Calls may run side by side. */
export function connect(options: ConnectOptions): RemoteHsm {
  const { timeoutMs = 60_000, bound = false, onDisconnected } = options
  let current: Promise<Link> | undefined

  const forget = (used: Promise<Link>) => {
    if (current === used) current = undefined
  }

  function link(): Promise<Link> {
    if (current) return current
    const opening = openLink(options, () => {
      forget(opening)
      onDisconnected?.()
    })
    opening.catch(() => forget(opening))
    current = opening
    return opening
  }

  async function send(request: WireRequest): Promise<{ reply: WireReply; server: ServerAddress }> {
    for (let attempt = 1; ; attempt += 1) {
      const used = link()
      const { server, send, isOpen } = await used
      const reply = await send(request, timeoutMs)
      if (reply) return { reply, server }
      if (!isOpen()) forget(used)
      if (attempt === ATTEMPTS) throw connectionLost(server)
    }
  }

  return {
    async call(operation, request, session) {
      const { reply, server } = await send(encodeRequest(operation, request, session, bound))
      return decodeReply(operation, reply, server)
    },
    close() {
      current?.then(({ close }) => close()).catch(() => undefined)
      current = undefined
    },
  }
}

/** @throws HsmError `unavailable` when none of the servers can be used */
async function openLink(
  { servers, trust, connectTimeoutMs = 1000 }: ConnectOptions,
  onLost: () => void,
): Promise<Link> {
  const attempts: { server: ServerAddress; failure: Failure }[] = []
  for (const server of servers) {
    const dialled = await dial(server, trust, connectTimeoutMs)
    if (!('reason' in dialled)) return createLink(server, dialled, onLost)
    attempts.push({ server, failure: dialled })
  }
  throw cannotConnect(attempts)
}

function encodeRequest(
  operation: string,
  request: unknown,
  session: string | undefined,
  bound: boolean,
): WireRequest {
  if (!isOperation(operation)) throw new HsmError('unknown-operation')
  if (session !== undefined && !/^[\w.~+/-]+=*$/.test(session)) throw new HsmError('not-logged-in')
  const body = Buffer.from(JSON.stringify(request))
  if (body.length > LIMITS.bodyBytes) {
    throw new HsmError('too-large', `The request is larger than ${LIMITS.bodyBytes} bytes`)
  }
  return {
    path: PATH_PREFIX + operation,
    headers: {
      'content-type': 'application/json',
      ...(session !== undefined && { authorization: `Bearer ${session}` }),
      ...(bound && { [BINDING_HEADER]: BINDING_VALUE }),
    },
    body,
  }
}
