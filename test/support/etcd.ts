/** Real etcd clusters for tests: members on loopback ports of their own, in a directory that goes with them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createEtcdClient, type EtcdAccess } from '../../src/store/etcd/client.ts'
import { KV } from '../../src/store/etcd/rpc_pb.ts'
import { freePorts } from './free-port.ts'

const run = promisify(execFile)

export type EtcdCluster = {
  /** One for each member. */
  readonly endpoints: readonly string[]
  /** Kills a member: no goodbye, as when its machine fails. */
  kill(member: number): Promise<void>
  /** Stops a member's process where it stands, until `thaw`. */
  freeze(member: number): void
  thaw(member: number): void
  /** Starts a member that was killed, on what it had written. */
  restart(member: number): Promise<void>
  /** Kills all and removes what they wrote. */
  stop(): Promise<void>
}

export type EtcdClusterOptions = {
  readonly members?: 1 | 3
  /** More of etcd's flags. */
  readonly flags?: readonly string[]
  readonly access?: Omit<EtcdAccess, 'endpoints'>
  /** File of a snapshot that its only member begins with. */
  readonly snapshot?: string
}

/** Runs etcd's own client. @returns what it prints */
export async function etcdctl(endpoints: readonly string[], ...words: readonly string[]): Promise<string> {
  const { stdout } = await run(
    'etcdctl',
    [`--endpoints=${endpoints.join()}`, '--command-timeout=60s', ...words],
    {
      env: { PATH: process.env['PATH'], ETCDCTL_API: '3' },
      timeout: 60_000,
    },
  )
  return stdout
}

type Status = {
  readonly header: { readonly member_id: number; readonly revision: number }
  readonly leader: number
  /** Bytes of the file. */
  readonly dbSize: number
}

/** What each member that answers tells of itself. */
async function statuses(
  endpoints: readonly string[],
): Promise<readonly { readonly Endpoint: string; readonly Status: Status }[]> {
  return JSON.parse(await etcdctl(endpoints, 'endpoint', 'status', '--write-out=json'))
}

/** Which member leads. */
export async function leaderOf({ endpoints }: EtcdCluster): Promise<number> {
  const leader = (await statuses(endpoints)).find(({ Status }) => Status.header.member_id === Status.leader)
  return endpoints.indexOf(leader?.Endpoint ?? '')
}

/** Forgets everything but the state as it is now. @returns the bytes it takes */
export async function compact({ endpoints }: EtcdCluster): Promise<number> {
  const revision = Math.max(...(await statuses(endpoints)).map(({ Status }) => Status.header.revision))
  await etcdctl(endpoints, 'compact', '--physical', String(revision))
  await etcdctl(endpoints, 'defrag')
  return Math.max(...(await statuses(endpoints)).map(({ Status }) => Status.dbSize))
}

/** Resolves when every member answers. */
export async function startEtcd({
  members = 1,
  flags = [],
  access = {},
  snapshot,
}: EtcdClusterOptions = {}): Promise<EtcdCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-etcd-'))
  const ports = await freePorts(members * 2)
  const scheme = access.tls ? 'https' : 'http'
  const endpoints = ports.slice(0, members).map((port) => `${scheme}://127.0.0.1:${port}`)
  const peers = ports.slice(members).map((port) => `http://127.0.0.1:${port}`)
  const running: (ChildProcess | undefined)[] = []
  const names = peers.map((peer, at) => `m${at}=${peer}`).join()

  const start = (at: number) => {
    const own = {
      name: `m${at}`,
      'data-dir': join(directory, `m${at}`),
      'listen-client-urls': endpoints[at],
      'advertise-client-urls': endpoints[at],
      'listen-peer-urls': peers[at],
      'initial-advertise-peer-urls': peers[at],
      'initial-cluster': names,
      'log-level': 'error',
      logger: 'zap',
      'log-outputs': join(directory, `m${at}.log`),
    }
    const options = Object.entries(own).map(([name, value]) => `--${name}=${value}`)
    running[at] = spawn('sh', ['-c', KEEPER, 'keeper', ...options, ...flags], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: { PATH: process.env['PATH'] },
    })
  }
  const kill = async (at: number) => {
    const member = running[at]
    running[at] = undefined
    if (!member || member.exitCode !== null) return
    const gone = once(member, 'exit')
    if (member.pid !== undefined) process.kill(-member.pid, 'SIGKILL')
    await gone
  }
  const stop = async () => {
    await Promise.all(endpoints.map((_, at) => kill(at)))
    rmSync(directory, { recursive: true, force: true })
  }

  if (snapshot !== undefined) {
    const own = [`--initial-cluster=${names}`, `--initial-advertise-peer-urls=${peers[0]}`]
    const words = ['--name=m0', `--data-dir=${join(directory, 'm0')}`, ...own]
    await etcdctl(endpoints, 'snapshot', 'restore', snapshot, ...words)
  }
  for (const at of endpoints.keys()) start(at)
  try {
    await Promise.all(endpoints.map((endpoint) => answering(endpoint, access)))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    endpoints,
    kill,
    freeze: (at) => void running[at]?.kill('SIGSTOP'),
    thaw: (at) => void running[at]?.kill('SIGCONT'),
    async restart(at) {
      start(at)
      await answering(endpoints[at] ?? '', access)
    },
    stop,
  }
}

/**
 * A member, and beside it what kills it when the test's process is gone, however that ended: nobody holds the other
 * end of its standard input any more. It reads from a copy, for a shell gives what it starts in the background none.
 */
const KEEPER = 'exec 3<&0; (read -r _ <&3; kill -9 0) & exec etcd "$@" 3<&-'

const START_ATTEMPTS = 4

async function answering(endpoint: string, access: Omit<EtcdAccess, 'endpoints'>): Promise<void> {
  const client = createEtcdClient({ ...access, endpoints: [endpoint] })
  try {
    for (let attempt = 1; ; attempt++) {
      const answer = await client.ask(KV.method.range, { key: Buffer.from('up') })
      if ('value' in answer || answer.failure.verdict === 'refused') return
      if (attempt === START_ATTEMPTS) throw answer.failure.error
    }
  } finally {
    client.close()
  }
}
