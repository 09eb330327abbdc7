/** A cluster as it is in earnest: members of etcd and HSMs, each a process, and links between them that can be cut. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerAddress } from '../../../src/client/failures.ts'
import { type Home, homeAt, makeHome } from '../../../src/home/home.ts'
import { type EtcdCluster, startEtcd } from '../../support/etcd.ts'
import { freePorts } from '../../support/free-port.ts'
import { startProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { clockAtRate, clockThatSteps } from './clocks.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'bin', 'strongroom')
export const CLUSTER_ID = 'cluster-faults'
const HOST = '127.0.0.1'
const LOG_KEPT = 10_000

export type Node = {
  readonly id: string
  readonly home: Home
  /** Where clients find it. */
  readonly address: ServerAddress
  /** Starts it, for the first time or again on what it had. Resolves when it serves. @param program default: the one that is tested */
  start(program?: string): Promise<void>
  /** No goodbye, as when its machine fails. */
  kill(): Promise<void>
  /** As its administrator does. Resolves when it has ended. */
  stop(): Promise<void>
  /** It stands still until `thaw`. */
  freeze(): void
  thaw(): void
}

/** How fast the clocks of the nodes run where that must not matter; nobody is right about the length of a second. */
const WRONG_RATES = [1.5, 1, 0.7] as const

export type NodeCluster = {
  readonly etcd: EtcdCluster
  readonly nodes: readonly [Node, Node, Node]
  /** The links of the last node: it alone has proxies on them. */
  readonly links: { readonly toEtcd: Link; readonly toClients: Link }
  /** Steps the time of day of the last node, whose clock is wrong in no other way; not of a clock-free cluster. */
  stepClock(hours: number): void
  /** PEM of the CA that all nodes have their certificates from. */
  ca(): string
  stop(): Promise<void>
}

export type NodeClusterOptions = {
  /** Found it with clock-free key use. */
  readonly fence?: boolean
  /** Whether the last node has links of its own. Default: true. */
  readonly links?: boolean
  /** That its nodes run at first. Default: the one that is tested. */
  readonly program?: string
  /** Whether nodes have clocks of their own. Default: true. */
  readonly clocks?: boolean
}

/** Three members of etcd and three HSMs that serve; not activated. */
export async function startNodes(options: NodeClusterOptions = {}): Promise<NodeCluster> {
  const { fence = false, links = true, clocks = true, program } = options
  await using undo = new AsyncDisposableStack()
  const etcd = undo.adopt(await startEtcd({ members: 3 }), (etcd) => etcd.stop())
  const root = undo.adopt(mkdtempSync(join(tmpdir(), 'strongroom-nodes-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  )
  const ports = await freePorts(3)
  const proxied = async (url: string) => undo.adopt(await startProxy(url), (proxy) => proxy.close())
  const toEtcd = links ? await Promise.all(etcd.endpoints.map(proxied)) : []
  const toClients = links ? [await proxied(`http://${HOST}:${ports[2]}`)] : []

  const stepping = clocks && !fence ? clockThatSteps(join(root, 'clock')) : undefined
  const clockOf = (at: 0 | 1 | 2) =>
    fence && clocks ? clockAtRate(WRONG_RATES[at]) : at === 2 ? stepping : undefined

  const node = (at: 0 | 1 | 2): Node => {
    const own = at === 2 && links
    const endpoints = own ? toEtcd.map(({ port }) => `http://${HOST}:${port}`) : etcd.endpoints
    const port = ports[at] ?? 0
    const made = createNode({
      id: `hsm-${at}`,
      home: homeAt(join(root, `${at}`)),
      port,
      address: { host: HOST, port: own ? (toClients[0]?.port ?? 0) : port },
      environment: clockOf(at)?.environment ?? {},
      words: ['--etcd', endpoints.join(), '--cluster-id', CLUSTER_ID, ...(fence ? ['--key-use-fence'] : [])],
    })
    undo.defer(made.kill)
    return made
  }
  const nodes = [node(0), node(1), node(2)] as const
  // Whatever becomes of the test, its nodes do not outlive it.
  const lastResort = () => void nodes.map(({ kill }) => kill())
  process.once('exit', lastResort)
  undo.defer(() => void process.off('exit', lastResort))
  const [first, ...others] = nodes
  makeHome(first.home)
  await first.start(program)
  await Promise.all(
    others.map(({ home, start }) => {
      makeHome(home)
      copyFileSync(first.home.masterKey, home.masterKey)
      return start(program)
    }),
  )
  const everything = undo.move()
  return {
    etcd,
    nodes,
    links: { toEtcd: linkOver(toEtcd), toClients: linkOver(toClients) },
    stepClock: (hours) => stepping?.step(hours),
    ca: () => readFileSync(first.home.clientCa, 'utf8'),
    stop: () => everything.disposeAsync(),
  }
}

export type Link = {
  /** Both ends are told that it is gone. */
  cut(): void
  /** Nothing comes through any more, and nobody is told. */
  silence(): void
  mend(): void
}

const linkOver = (proxies: readonly TcpProxy[]): Link => ({
  cut() {
    for (const proxy of proxies) proxy.shut()
  },
  silence() {
    for (const proxy of proxies) proxy.choke()
  },
  mend() {
    for (const proxy of proxies) proxy.open()
  },
})

type Made = Pick<Node, 'id' | 'home' | 'address'> & {
  readonly port: number
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

function createNode({ id, home, address, port, words, environment }: Made): Node {
  let running: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals) => {
    const child = running
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return {
    id,
    home,
    address,
    async start(program = PROGRAM) {
      const own = ['--home', home.root, '--listen', `${HOST}:${port}`, '--hsm-id', id]
      running = spawn(program, ['start', ...own, ...words], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...environment },
      })
      await serving(running)
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    freeze: () => void running?.kill('SIGSTOP'),
    thaw: () => void running?.kill('SIGCONT'),
  }
}

/** Resolves when it says so in its log. What it writes is read for as long as it lives. */
function serving(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let written = ''
  const read = (text: string) => {
    written = (written + text).slice(-LOG_KEPT)
    if (written.includes('"msg":"serving"')) resolve()
  }
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', read)
  child.once('exit', () => reject(new Error(`the HSM ended before it served: ${written}`)))
  return promise
}
