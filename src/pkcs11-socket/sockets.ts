/** The sockets of one PKCS#11 listener: one that was asked for, and where possible the one that p11-kit tries by itself. */
import type { Server, Socket } from 'node:net'
import type { Log } from '../base/log.ts'
import { HsmError } from '../contract/errors.ts'
import { listenOn } from './listen.ts'

export type Sockets = {
  /** Takes no more connections; the sockets are gone from the file system. */
  close(): void
}

/**
 * @param path must be had
 * @param convenient done without when another program has it
 * @throws HsmError as `listenOn` does, for `path`
 */
export async function openSockets(
  { path, convenient, log }: { path: string; convenient: string | undefined; log: Log },
  onConnection: (socket: Socket) => void,
): Promise<Sockets> {
  const servers: Server[] = [await listenOn(path, onConnection)]
  if (convenient !== undefined && convenient !== path) {
    try {
      servers.push(await listenOn(convenient, onConnection))
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
      log('info', { problem: error.message }, 'programs must be told where the PKCS#11 socket is')
    }
  }
  return {
    close() {
      for (const server of servers) server.close()
    },
  }
}
