/** PKCS#11 for programs that use p11-kit's client library or our own module, over any connected stream. */
import type { Duplex } from 'node:stream'
import type { Log } from '../base/log.ts'
import type { CallSource } from '../contract/call-source.ts'
import { calledFrom, type Hsm } from '../contract/hsm.ts'
import type { MakeKeyCertificate } from '../contract/key-certificates.ts'
import { LIMITS } from '../contract/limits.ts'
import { createFairShare } from '../rates/fair-share.ts'
import { BOUNDS, PATIENCE, type Patience, type Peer } from './bounds.ts'
import { type Connection, createConnection, shownPeer } from './connection.ts'
import { createConnectionAdmission, type Place } from './connection-admission.ts'
import { createIdleWatch } from './idle.ts'
import { createKeyCertificates } from './key-certificates.ts'
import { createMemoryBudget } from './memory-budget.ts'
import type { ProgramSnapshot } from './program.ts'
import { createRefusals } from './refusals.ts'
import { createToken } from './token.ts'
import type { AnonymousBudget } from './toll.ts'

export type { ProgramSnapshot } from './program.ts'

/** The adapter, whatever its connections come over. */
export type Pkcs11Needs = {
  /** In process, or the HTTPS client. */
  readonly hsm: Hsm
  /** Of Strongroom, `1.2.3`. */
  readonly version: string
  /** Never with a PIN, data or a key in it. */
  readonly log: Log
  /** Where they are not to be as usual. */
  readonly bounds?: Partial<Pkcs11Bounds>
  readonly patience?: Partial<Patience>
  /** Makes the certificates that are shown beside private keys that have none; left out, there are none. */
  readonly makeKeyCertificate?: MakeKeyCertificate | undefined
}

/** What all applications together may have; each peer has its share of it. */
export type Pkcs11Bounds = {
  readonly connections: number
  readonly sessions: number
  /** Bytes of large frames and answers. */
  readonly memory: number
}

/** The process that made a connection, and the user of the machine whose process it is. */
export type PeerProcess = { readonly pid: number; readonly uid: number }

/** Where a connection comes from; `behind`: who shares that address (`peerOf`). */
export type PeerAddress = { readonly address: string; readonly behind: string }

export type ServeOptions = {
  /** Whose program it is; left out, it shares nothing with any other. */
  readonly peer?: PeerProcess | PeerAddress | undefined
  /** What its calls go through. */
  readonly through?: (hsm: Hsm) => Hsm
  /** What it may cost before it has logged in; left out, that is not limited. */
  readonly anonymous?: AnonymousBudget
  /** It may lose its connection and be there, as over a network: the login of our own module outlives the connection. */
  readonly mayReturn?: boolean
  /** It has logged in, or out. */
  readonly onLogin?: (isLoggedIn: boolean) => void
  /** A call has to wait for something. @returns to be called when it is done */
  readonly onWait?: () => () => void
  /** The connection has been served before, and this is where it stands. */
  readonly snapshot?: ProgramSnapshot
  /** Nothing has been asked for a while, and another process could go on from here. */
  readonly onIdle?: (snapshot: ProgramSnapshot) => void
  /** After `onIdle`: something is asked. */
  readonly onBusy?: () => void
  /** What speaks at the other end: our own module, which goes on by itself when this process ends, or p11-kit's client. */
  readonly onGreeted?: (isOwnModule: boolean) => void
  /** Makes the stream's source deliver nothing more; what it has delivered is still answered. */
  readonly stop?: () => void
}

export type Pkcs11 = {
  /**
   * Serves one application. Resolves when the connection is gone, and its login, its session objects and what was under
   * way with it. Never rejects. Destroys the stream when the client breaks the protocol or is too slow, when there is no
   * place for it, and when nobody is logged in on it and somebody else needs its place.
   */
  serve(stream: Duplex, options?: ServeOptions): Promise<void>
  connections(): number
  /**
   * Reads nothing more, answers what was asked, and tells where each connection stands. They stay open; their sessions
   * of the HSM end, for whoever goes on with them resumes their logins.
   */
  release(): Promise<void>
  /** Ends all connections; resolves when their logins are closed. */
  close(): Promise<void>
}

type Served = {
  readonly connection: Connection
  readonly options: ServeOptions
  readonly stream: Duplex
  readonly done: Promise<void>
}

/** Serves connections that are handed to it; opens no socket itself. */
export function createPkcs11(given: Pkcs11Needs): Pkcs11 {
  const { hsm, version, log, bounds, patience, makeKeyCertificate } = given
  const { connections, sessions, memory }: Pkcs11Bounds = { ...USUAL, ...bounds }
  const refusals = createRefusals(log)
  const needs = {
    hsm,
    log,
    refusals,
    token: createToken(hsm, version),
    memory: createMemoryBudget(memory),
    sessions: createFairShare<Peer>(sessions),
    patience: { ...PATIENCE, ...patience },
    keyCertificates: makeKeyCertificate && createKeyCertificates(makeKeyCertificate),
  }
  const admission = createConnectionAdmission(connections)
  const all = new Set<Served>()

  function open(stream: Duplex, peer: Peer, options: ServeOptions, place: Place): Served {
    const tell = () => tellIdle(connection, options)
    const idle = createIdleWatch(tell, () => options.onBusy?.())
    const connection = createConnection(
      stream,
      { ...needs, ...itsNeeds(hsm, options), peer },
      {
        ...(options.onIdle ? { onBusy: idle.busy, onQuiet: idle.quiet } : SILENT),
        onLogin: loginTold(place, options),
        onWait: options.onWait,
        onGreeted: options.onGreeted ?? (() => undefined),
      },
      options.snapshot,
    )
    place.taken(connection)
    const done = connection.ended
      .catch((error: unknown) => log('error', { err: error }, 'a PKCS#11 connection did not end well'))
      .finally(idle.end)
    return { connection, options, stream, done }
  }

  return {
    async serve(stream, options = {}) {
      const peer = whose(options)
      const close = (message: string) => {
        refusals.closed(shownPeer(peer), message)
        stream.destroy()
      }
      const place = admission.admit(peer, () => close('a PKCS#11 connection without a login gave way'))
      if (!place) return close('there is no place for another PKCS#11 connection')
      const served = open(stream, peer, options, place)
      all.add(served)
      await served.done
      place.giveBack()
      all.delete(served)
    },
    connections: () => all.size,
    async release() {
      await Promise.all(
        [...all].map(async ({ connection, options }) => {
          options.stop?.()
          await connection.halt()
          tellIdle(connection, options)
          await connection.leave()
        }),
      )
      refusals.end()
    },
    async close() {
      for (const { stream } of all) stream.destroy()
      await Promise.all([...all].map(({ done }) => done))
      refusals.end()
    },
  }
}

/** Where another process could go on from here, if one could. */
function tellIdle(connection: Connection, { onIdle }: ServeOptions): void {
  const snapshot = connection.snapshot()
  if (snapshot) onIdle?.(snapshot)
}

const itsNeeds = (hsm: Hsm, options: ServeOptions) => ({
  hsm: calledFrom(options.through?.(hsm) ?? hsm, sourceOf(options)),
  anonymous: options.anonymous,
  mayReturn: options.mayReturn,
})

const loginTold =
  (place: Place, { onLogin }: ServeOptions) =>
  (isLoggedIn: boolean): void => {
    place.loggedIn(isLoggedIn)
    onLogin?.(isLoggedIn)
  }

function whose({ peer }: ServeOptions): Peer {
  if (!peer) return Symbol('unknown')
  return 'uid' in peer ? peer.uid : peer.behind
}

function sourceOf({ peer }: ServeOptions): CallSource {
  if (peer && 'address' in peer) return { kind: 'pkcs11', address: peer.address }
  return { kind: 'pkcs11', pid: peer?.pid, uid: peer?.uid }
}

const USUAL: Pkcs11Bounds = {
  connections: LIMITS.pkcs11Connections,
  sessions: BOUNDS.allSessions,
  memory: BOUNDS.largeFramesBytes,
}

const SILENT = { onBusy: () => undefined, onQuiet: () => undefined }
