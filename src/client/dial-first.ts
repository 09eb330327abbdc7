/** Which of several servers to use: the first in order that answers, without waiting long for one that does not. */
import type { TLSSocket } from 'node:tls'
import { type DialOptions, dial } from './dial.ts'
import { cannotConnect, type Failure, type ServerAddress } from './failures.ts'
import { afterWaiting } from './patience.ts'

export type Dialled = { readonly server: ServerAddress; readonly socket: TLSSocket }

/** A server that has not answered after this long is given company (as RFC 8305 §5 does it for addresses). */
const STAGGER_MS = 250

/**
 * Dials the servers one after another: the next when one has failed or is slow. The first that answers is taken, and
 * the others are let go.
 *
 * @param servers at least one
 * @throws HsmError `unavailable` naming all of them when none can be used
 */
export function dialFirst(servers: readonly ServerAddress[], options: DialOptions): Promise<Dialled> {
  const { promise, resolve, reject } = Promise.withResolvers<Dialled>()
  const failures = new Map<ServerAddress, Failure>()
  const over = new AbortController()
  const waiting = [...servers]
  let stopWaiting: () => void = () => undefined

  function won(server: ServerAddress, socket: TLSSocket): void {
    stopWaiting()
    if (over.signal.aborted) return void socket.destroy()
    over.abort()
    resolve({ server, socket })
  }
  function failed(server: ServerAddress, failure: Failure): void {
    failures.set(server, failure)
    if (failures.size === servers.length) reject(cannotConnect(inOrder(servers, failures)))
    else if (!over.signal.aborted) next()
  }
  function next(): void {
    stopWaiting()
    const server = waiting.shift()
    if (!server) return
    if (waiting.length > 0) stopWaiting = afterWaiting(STAGGER_MS, next)
    void dial(server, options, over.signal).then((dialled) =>
      'reason' in dialled ? failed(server, dialled) : won(server, dialled),
    )
  }
  next()
  return promise
}

const inOrder = (servers: readonly ServerAddress[], failures: ReadonlyMap<ServerAddress, Failure>) =>
  servers.flatMap((server) => {
    const failure = failures.get(server)
    return failure ? [{ server, failure }] : []
  })
