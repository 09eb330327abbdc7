/** Composition of one serving HSM: the lock on its home, the engine, the HTTPS API and what clients need to find it. */

import { planStart, type StartOptions } from '../administration/start-plan.ts'
import { type ListenAddress, localAddress, parseListen, showAddress } from '../base/listen-address.ts'
import type { Log } from '../base/log.ts'
import type { Identity } from '../certificates/certificates.ts'
import { keyCertificateMaker } from '../certificates/key-certificate.ts'
import { loadTls, openTls } from '../certificates/tls.ts'
import type { CallSource } from '../contract/call-source.ts'
import { HsmError } from '../contract/errors.ts'
import type { Admit, Hsm } from '../contract/hsm.ts'
import { PKCS11_PROTOCOL } from '../contract/wire.ts'
import type { PasswordCost } from '../crypto/password.ts'
import { type ClientFacts, writeClientConfig } from '../home/client-config.ts'
import { checkHome, type Home, makeHome } from '../home/home.ts'
import { takeLock } from '../home/lock.ts'
import { announce, readRunning, withdraw } from '../home/running.ts'
import { type ServingSettings, saveServingSettings } from '../home/serving-settings.ts'
import type { AnonymousShare } from '../listener/anonymous-share.ts'
import { reserve } from '../listener/reserved-address.ts'
import type { Protocols } from '../listener/tls.ts'
import { openEndpoint } from '../metrics/endpoint.ts'
import { createRegistry, type Registry } from '../metrics/registry.ts'
import { beginFirstStart } from '../node/first-start.ts'
import type { Pkcs11 } from '../pkcs11/serve.ts'
import { pkcs11OverTls } from '../pkcs11/tls.ts'
import { openEarlyListener } from '../pkcs11-socket/early-listener.ts'
import { p11KitSocket } from '../pkcs11-socket/socket-paths.ts'
import { createHttpsServer } from '../server/https-server.ts'
import { openEngine } from './open-engine.ts'

export type OpenHsm = {
  /** The HSM in this process, without the way through HTTPS. */
  readonly hsm: Hsm
  readonly clusterId: string
  /** What it really listens on. */
  readonly listening: ListenAddress
  /** Where its metrics are read. */
  readonly metrics: ListenAddress | undefined
  /** Reads its certificate anew, or makes a new one when it ends soon. Connections that are open are not touched. */
  renewCertificate(): Promise<void>
  /** Lets requests under way finish, but not longer than `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>
}

export type OpenHsmOptions = StartOptions & {
  readonly home: Home
  readonly log: Log
  /** The script that this process runs, and PKCS#11 programs are kept by. Left out, there is no socket for them. */
  readonly program?: string
  /** See `openEngine`. */
  readonly passwordCost?: PasswordCost
}

/**
 * Opens the HSM of a home, makes it first if there is none, and serves it. Resolves when it serves; an HSM of a cluster
 * waits for etcd before.
 *
 * @throws HsmError with one sentence: another process has the home, the store is damaged, the address is taken
 */
export async function openHsm({ home, log, program, ...options }: OpenHsmOptions): Promise<OpenHsm> {
  await using undo = new AsyncDisposableStack()
  makeHome(home)
  undo.defer(takeLock(home.lock) ?? alreadyRunning(home))
  withdraw(home) // of a process that was killed

  const { listen, metrics, pkcs11, serving, node } = planStart(home, options)
  checkHome(home)
  const reserved = await reserve(listen)
  undo.defer(reserved.release)
  const registry = metrics && createRegistry()
  const endpoint = registry && metrics && (await serveMetrics(metrics, registry, log))
  undo.defer(() => endpoint?.close())
  const convenient = p11KitSocket(process.env, process.getuid?.())
  const makeKeyCertificate = keyCertificateMaker(serving.keyCertificates)
  const programs = { path: pkcs11, convenient, program, makeKeyCertificate }
  const socket = await openEarlyListener({ home, log, registry, ...programs })
  undo.defer(socket.close)
  // Nothing was founded so far: what others can stand in the way of has been done.
  const firstStart = node ? undefined : beginFirstStart(home)
  undo.defer(() => firstStart?.undo())
  let listening = reserved.address
  const advertised = () => node?.advertise ?? listening
  const address = () => (node ? showAddress(advertised()) : listening.host)
  const wishes = wishesOf(options, serving)
  const opened = await openEngine({ home, log, address, node, registry, ...wishes })
  const { engine, admit, clusterId, authority, protocols, join, close } = opened
  undo.defer(close)
  const hosts = () => [listen.host, advertised().host]
  const { ca, server: tls, renewing } = await openOwnTls(home, authority, hosts, log)
  const renewal = renewing((renewed) => server.setCertificate(renewed.server))
  undo.defer(renewal.stop)
  const onConnectionClosed = (token: string, source: CallSource) => leave(engine, token, source)
  const spoken = protocolsOf(protocols, socket.pkcs11, admit)
  const needs = { hsm: engine, admit, tls, log, protocols: spoken, ...CLOCKS }
  const server = createHttpsServer({ ...needs, onConnectionClosed })
  firstStart?.stays()
  reserved.release()
  listening = await server.listen(listening.host, listening.port)
  let graceMs = 0
  undo.defer(() => server.close({ graceMs }))
  await join()
  const others = node && (await otherAddresses(engine, address()))
  tellClients(home, { clusterId, ca, address: node?.advertise ?? localAddress(listening), others, log })
  undo.defer(() => withdraw(home))
  socket.serve(engine)
  undo.defer(socket.close)
  saveServingSettings(home, serving)
  announce(home, { pid: process.pid, ...localAddress(listening), pkcs11: socket.path })

  const everything = undo.move()
  return {
    hsm: engine,
    clusterId,
    listening,
    metrics: endpoint?.listening,
    renewCertificate: renewal.now,
    close(options) {
      graceMs = options.graceMs
      return everything.disposeAsync()
    },
  }
}

/** @param hosts by which clients may call this HSM */
const openOwnTls = (home: Home, authority: Identity, hosts: () => readonly string[], log: Log) =>
  openTls((onDamage) => loadTls(home, authority, hosts(), Date.now(), onDamage), log, Date.now)

/** A session goes with its connection; whoever has what resumes the login can go on with it. */
const leave = (hsm: Hsm, token: string, source: CallSource): void =>
  void hsm.call('session.logout', { resumable: true }, token, source).catch(() => undefined)

/** What is spoken on the port besides HTTPS and frames. */
const protocolsOf =
  (ofNode: Protocols, pkcs11: Pkcs11, admit: Admit) =>
  (anonymous: AnonymousShare): Protocols => ({
    ...ofNode,
    [PKCS11_PROTOCOL]: pkcs11OverTls({ pkcs11, anonymous, isServing: servingOf(admit) }),
  })

/** @returns whether anybody can log in from there */
const servingOf =
  (admit: Admit) =>
  (source: CallSource): boolean => {
    try {
      admit(undefined, source).admit('session.login')
      return true
    } catch {
      return false
    }
  }

const CLOCKS = {
  monotonic: () => performance.now(),
  worked() {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  },
}

const serveMetrics = (address: ListenAddress, { render }: Registry, log: Log) =>
  openEndpoint(address, {
    render,
    monotonic: CLOCKS.monotonic,
    onAcceptError: (err) => log('warn', { err }, 'a connection could not be accepted'),
  })

/** What the engine is to know of how it was started. */
const wishesOf = (
  { profile, acceptRollback, passwordCost }: Omit<OpenHsmOptions, 'home' | 'log'>,
  { publicObjects }: ServingSettings,
) => ({ profile, publicObjects, acceptRollback, passwordCost })

function alreadyRunning(home: Home): never {
  const { pid } = readRunning(home) ?? {}
  const who = pid === undefined ? '' : ` (process ${pid})`
  throw new HsmError('unavailable', `Strongroom is already running on ${home.root}${who}`)
}

/** Of the other live HSMs of the cluster. */
async function otherAddresses(hsm: Hsm, own: string): Promise<readonly ListenAddress[]> {
  const { hsms } = await hsm.call('cluster.hsm-info', {})
  return hsms.flatMap(({ address }) => (address === own ? [] : (parseListen(address) ?? [])))
}

type ForClients = ClientFacts & { readonly log: Log }

/** A configuration that its user has broken is no reason not to serve. */
function tellClients(home: Home, { log, ...facts }: ForClients): void {
  try {
    writeClientConfig(home, facts)
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    log('warn', { problem: error.message }, 'the client configuration was left as it is')
  }
}
