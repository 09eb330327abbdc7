/** PKCS#11 for programs that use p11-kit's client library, over any connected stream. */
import type { Duplex } from 'node:stream'
import type { Hsm } from '../contract/hsm.ts'
import { createAttention } from './attention.ts'
import { createBudget } from './budget.ts'
import { type Connection, createConnection, type Snapshot } from './connection.ts'
import { createIdleWatch } from './idle.ts'
import type { Log } from './program.ts'
import { createRefusals } from './refusals.ts'
import { createToken } from './token.ts'

export type { Snapshot } from './connection.ts'

export type Pkcs11Needs = {
  /** In process, or the HTTPS client. */
  readonly hsm: Hsm
  /** Of Strongroom, `1.2.3`. */
  readonly version: string
  /** Never with a PIN, data or a key in it. */
  readonly log: Log
}

export type ServeOptions = {
  /** The connection has been served before, and this is where it stands. */
  readonly snapshot?: Snapshot
  /** Nothing has been asked for a while, and another process could go on from here. */
  readonly onIdle?: (snapshot: Snapshot) => void
  /** After `onIdle`: something is asked. */
  readonly onBusy?: () => void
  /** Makes the stream's source deliver nothing more; what it has delivered is still answered. */
  readonly stop?: () => void
}

export type Pkcs11 = {
  /**
   * Serves one application. Resolves when the connection is gone, and its login, its session objects and what was under
   * way with it. Never rejects. Destroys the stream when the client breaks the protocol.
   */
  serve(stream: Duplex, options?: ServeOptions): Promise<void>
  connections(): number
  /** Reads nothing more, answers what was asked, and tells where each connection stands. They stay open. */
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

export function createPkcs11({ hsm, version, log }: Pkcs11Needs): Pkcs11 {
  const refusals = createRefusals(log)
  const needs = {
    hsm,
    log,
    refusals,
    token: createToken(hsm, version),
    largeFrames: createBudget(),
    attention: createAttention(),
  }
  const all = new Set<Served>()

  function open(stream: Duplex, options: ServeOptions): Served {
    const report = () => {
      const snapshot = connection.snapshot()
      if (snapshot) options.onIdle?.(snapshot)
    }
    const idle = createIdleWatch(report, () => options.onBusy?.())
    const traffic = options.onIdle ? { onBusy: idle.busy, onQuiet: idle.quiet } : SILENT
    const connection = createConnection(stream, needs, traffic, options.snapshot)
    const done = connection.ended
      .catch((error: unknown) => log('error', { err: error }, 'a PKCS#11 connection did not end well'))
      .finally(idle.end)
    return { connection, options, stream, done }
  }

  return {
    async serve(stream, options = {}) {
      const served = open(stream, options)
      all.add(served)
      await served.done
      all.delete(served)
    },
    connections: () => all.size,
    async release() {
      await Promise.all(
        [...all].map(async ({ connection, options }) => {
          options.stop?.()
          await connection.halt()
          const snapshot = connection.snapshot()
          if (snapshot) options.onIdle?.(snapshot)
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

const SILENT = { onBusy: () => undefined, onQuiet: () => undefined }
