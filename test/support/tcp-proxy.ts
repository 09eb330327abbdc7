/** A TCP proxy that breaks when a test wants it to. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/**
 * What becomes of the next bytes from a client that a trigger is waiting for:
 * - `lost`: they are not passed on, and the connection is cut
 * - `unanswered`: they are passed on, and the connection is cut; the server does not notice
 * - `late`: the connection is cut, and they are passed on when `release` is called
 */
export type Breakage = 'lost' | 'unanswered' | 'late'

export type TcpProxy = {
  readonly port: number
  /** Breaks the connection over which bytes with this text come, once. Resolves when it has. */
  breakAt(text: string, breakage: Breakage): Promise<void>
  /** Passes on what is late. */
  release(): void
  /** Cuts every connection and takes no more, until `open`. */
  shut(): void
  open(): void
  /** Lets nothing through, in either direction, and cuts nothing, as when packets are dropped: until `open`. */
  choke(): void
  close(): Promise<void>
}

type Trigger = { readonly text: string; readonly breakage: Breakage; readonly done: () => void }

export async function startProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target)
  const clients = new Set<Socket>()
  const servers = new Set<Socket>()
  let late: (() => void)[] = []
  let trigger: Trigger | undefined
  let shut = false
  let choked = false

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    let keep = false
    const breakAs = (breakage: Breakage, bytes: Buffer) => {
      keep = breakage !== 'lost'
      if (breakage === 'unanswered') upstream.write(bytes)
      if (breakage === 'late') late.push(() => upstream.write(bytes))
      client.destroy()
    }
    clients.add(client)
    servers.add(upstream)
    client.on('data', (bytes: Buffer) => {
      if (trigger && bytes.includes(trigger.text)) {
        const { breakage, done } = trigger
        trigger = undefined
        breakAs(breakage, bytes)
        done()
      } else upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (!client.destroyed) client.write(bytes)
    })
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
    client.on('close', () => {
      clients.delete(client)
      if (!keep) upstream.destroy()
    })
    upstream.on('close', () => {
      servers.delete(upstream)
      client.destroy()
    })
    if (shut) client.destroy()
    if (choked) for (const socket of [client, upstream]) socket.pause()
  })
  const sockets = () => [...clients, ...servers]
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()

  return {
    port: typeof address === 'object' && address ? address.port : 0,
    breakAt: (text, breakage) =>
      new Promise((resolve) => {
        trigger = { text, breakage, done: resolve }
      }),
    release() {
      for (const write of late.splice(0)) write()
    },
    shut() {
      shut = true
      for (const socket of clients) socket.destroy()
    },
    open() {
      shut = false
      choked = false
      for (const socket of sockets()) socket.resume()
    },
    choke() {
      choked = true
      for (const socket of sockets()) socket.pause()
    },
    async close() {
      late = []
      for (const socket of sockets()) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
