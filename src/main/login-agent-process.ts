/** The process of the agent: its socket, its logins, and its end. */
import { chmodSync, rmdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { reasonOf } from '../base/reasons.ts'
import { isNotRegular } from '../base/regular-file.ts'
import { version } from '../base/version.ts'
import { createConnections } from '../cli/agent/connections.ts'
import { createHeldLogins, elapsed, type HeldLogins, type Moment } from '../cli/agent/held-logins.ts'
import type { Opening } from '../cli/agent/messages.ts'
import { type Agent, type Found, serveAgent, Useless } from '../cli/agent/serve-agent.ts'
import { chosenCluster } from '../cli/cluster-clients.ts'
import { readConfigFile } from '../client-config/file.ts'
import { peerProcess } from '../pkcs11-socket/peer-process.ts'
import { configuredClusters } from './client-clusters.ts'
import { firstSignal } from './signals.ts'
import { makeUndumpable } from './undumpable.ts'

/** Commands that are served at the same time. */
const CONNECTIONS = 256
const LOOK_MS = 1_000
/** An HSM that does not answer keeps the agent from logging out, and not from ending. */
const LAST_MS = 3_000

/**
 * Until a signal or `agent stop` ends it, or nobody has used it for as long as a login may live.
 *
 * @param path of the socket, in a directory of its own
 */
export async function serveLoginAgent(
  path: string,
  times: { readonly lifetimeMs: number; readonly idleMs: number },
): Promise<void> {
  process.umask(0o077)
  makeUndumpable()
  // The cluster's own CA is all that is trusted, as in a command.
  process.getBuiltinModule('node:tls').setDefaultCACertificates([])
  const logins = createHeldLogins({ now, ...times })
  const stopped = Promise.withResolvers<void>()
  let lastUsed = now()
  const connections = createConnections(CONNECTIONS, () => performance.now())
  const agent: Agent = {
    version,
    logins,
    connections,
    find,
    status: () => status(logins),
    stop: stopped.resolve,
  }
  const server = createServer((socket) => {
    // The mode of the socket says so, too.
    const peer = peerProcess(socket)
    if (peer && peer.uid !== process.getuid?.()) return void socket.destroy()
    lastUsed = now()
    serveAgent(socket, agent)
  })
  server.once('error', (error) => {
    process.send?.({ failed: reasonOf(error) })
    stopped.resolve()
  })
  server.listen(path, () => {
    chmodSync(path, 0o600)
    process.send?.({})
  })
  const looking = setInterval(() => {
    logins.expire()
    if (sinceThen(lastUsed) > times.lifetimeMs) stopped.resolve()
  }, LOOK_MS)
  await Promise.race([stopped.promise, firstSignal(() => undefined)])
  clearInterval(looking)
  setTimeout(() => process.exit(0), LAST_MS).unref()
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  removeSocket(path)
  await logins.endAll()
  await closed.promise
  process.exit(0)
}

/** With its directory, if there is nothing else in it. */
function removeSocket(path: string): void {
  try {
    rmSync(path, { force: true })
    rmdirSync(dirname(path))
  } catch {
    // It is somebody else's directory, and nobody is left to tell.
  }
}

const now = (): Moment => ({ wallMs: Date.now(), monotonicMs: performance.now() })
const sinceThen = (then: Moment): number => elapsed(then, now())

/**
 * As the command itself would find it. Paths may be relative to where the command runs; all of them are read before this returns,
 * so nobody else sees that directory.
 */
function find(opening: Opening, note: (text: string) => void): Found {
  const { workingDirectory, config, env, homeDirectory, clusterId: asked, option } = opening
  enter(workingDirectory)
  try {
    const clusters = configuredClusters(config, {
      env,
      homeDirectory,
      tell: note,
      readConfig,
      warned: new Set(),
    })
    if (clusters.logsToTerminal) throw new Useless('the client configuration asks for a log on the terminal')
    const clusterId = chosenCluster(clusters, asked, option)
    return { clusterId, target: settled(() => clusters.target(clusterId)) }
  } finally {
    process.chdir('/')
  }
}

/** A pipe can be read once, and its writer would hold up every other command. */
function readConfig(path: string): string {
  try {
    return readConfigFile(path)
  } catch (error) {
    if (error instanceof Error && isNotRegular(error.cause))
      throw new Useless('the client configuration is not a regular file')
    throw error
  }
}

function enter(directory: string): void {
  try {
    process.chdir(directory)
  } catch (error) {
    throw new Useless(`it cannot enter the working directory: ${reasonOf(error)}`)
  }
}

/** Done now; how it ended is answered later. */
function settled<T>(work: () => T): () => T {
  try {
    const value = work()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

const status = (logins: HeldLogins): object => ({
  pid: process.pid,
  logins: logins.list().map(({ target, username, role, since, lastUsed }) => ({
    'cluster-id': target.clusterId,
    username,
    role,
    'held-seconds': Math.floor(sinceThen(since) / 1000),
    'idle-seconds': Math.floor(sinceThen(lastUsed) / 1000),
  })),
})
