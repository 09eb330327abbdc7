/** Listens on a Unix socket, in place of one that a killed process left behind, but never of one that is alive. */
import { chmodSync, lstatSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { makeDirectory } from '../base/directories.ts'
import { reasonOf } from '../base/reasons.ts'
import { HsmError } from '../contract/errors.ts'
import { LIMITS } from '../contract/limits.ts'
import { takenOver } from './program-socket.ts'
import { checkSocketPath } from './socket-paths.ts'

/** The owner and the group may connect; what they may do is a matter of logging in. */
const MODE = 0o660

/**
 * @param path absolute; a directory that is missing is made, for the owner alone
 * @throws HsmError `unavailable` when somebody listens there, `invalid-request` when it cannot be made
 */
export async function listenOn(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  checkSocketPath(path, 'PKCS#11')
  if (await isAlive(path)) throw new HsmError('unavailable', `Another program listens on ${path}`)
  try {
    return await listening(path, onConnection)
  } catch (cause) {
    throw new HsmError('invalid-request', `Cannot listen on ${path}: ${reasonOf(cause)}`, { cause })
  }
}

async function listening(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, (accepted) => onConnection(takenOver(accepted)))
  makeDirectory(dirname(path))
  removeStale(path)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  // Nobody else may connect before the mode is set.
  const umask = process.umask(0o177)
  server.listen({ path, backlog: LIMITS.pkcs11Connections }, resolve)
  process.umask(umask)
  await promise
  server.off('error', reject)
  chmodSync(path, MODE)
  return server
}

function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found && !found.isSocket())
    throw Object.assign(new Error('something else is there'), { code: 'ENOTSOCK' })
  rmSync(path, { force: true })
}

function isAlive(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path, () => resolve(true))
  socket.once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
