/** The servers of a cluster, in the order in which they are worth asking, and the connection to the best of them. */
import type { DialOptions } from './dial.ts'
import { dialFirst } from './dial-first.ts'
import type { ServerAddress } from './failures.ts'
import type { Link } from './link.ts'
import { createLink } from './protocols.ts'

export type ServersOptions = {
  /** At least one. */
  readonly servers: readonly ServerAddress[]
  readonly dialling: DialOptions
  /** A connection is gone, and this side did not ask for it. */
  readonly onLost: (link: Link) => void
}

export interface Servers {
  /**
   * The connection in use, or a new one to the best server that answers; that one comes first from then on.
   * @throws HsmError `unavailable` when none of the servers can be used
   */
  link(): Promise<Link>
  /** The next call goes over another connection. */
  forget(link: Link): void
  /** The next call goes to another server, if there is one. */
  demote(link: Link): void
  close(): void
}

/** The servers of a cluster: the one that answered last comes first. */
export function createServers({ servers, dialling, onLost }: ServersOptions): Servers {
  let order = servers
  let current: Promise<Link> | undefined
  let inUse: Link | undefined

  const others = (server: ServerAddress) => order.filter((other) => other !== server)

  async function answers(some: readonly ServerAddress[]): Promise<boolean> {
    try {
      const { socket } = await dialFirst(some, dialling)
      socket.destroy()
      return true
    } catch {
      return false
    }
  }

  async function open(): Promise<Link> {
    const { server, socket } = await dialFirst(order, dialling)
    order = [server, ...others(server)]
    const link = createLink({
      server,
      socket,
      onLost: () => onLost(link),
      ...(servers.length > 1 && { isElsewhereBetter: () => answers(others(server)) }),
    })
    inUse = link
    return link
  }

  function forget(link: Link): void {
    if (inUse !== link) return
    inUse = undefined
    current = undefined
  }

  return {
    link() {
      if (current) return current
      const opening = open()
      opening.catch(() => {
        if (current === opening) current = undefined
      })
      current = opening
      return opening
    },
    forget,
    demote(link) {
      forget(link)
      order = [...others(link.server), link.server]
    },
    close() {
      current?.then((link) => link.close()).catch(() => undefined)
      current = undefined
      inUse = undefined
    },
  }
}
