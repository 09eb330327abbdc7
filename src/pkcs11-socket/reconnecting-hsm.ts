/**
 * The HSM of a client configuration, for programs that are not written to try again. What can be asked twice waits for
 * an HSM that is being restarted, and the configuration is read anew when it has changed meanwhile.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import type { OperationName, Reply, Request } from '../contract/operations.ts'

/** Longer than a restart takes. Counted from the first failure, so an HSM that is gone for good holds nobody up. */
const PATIENCE_MS = 10_000
const AGAIN_MS = 100

type Connection = { readonly hsm: Hsm; close(): void }

export type Configuration<C extends Connection> = {
  /** Throws HsmError `invalid-request` when there is no usable configuration. */
  connect(): Promise<C>
  /** The text of the configuration; throws HsmError when it cannot be read. */
  text(): string
}

export type ReconnectingHsm<C extends Connection = Connection> = {
  readonly hsm: Hsm
  /** The connection in use. */
  connection(): C
}

/** @throws what `configuration` throws */
export async function reconnectingHsm<C extends Connection>(
  configuration: Configuration<C>,
): Promise<ReconnectingHsm<C>> {
  let text = configuration.text()
  let connection = await configuration.connect()
  let lostAt: number | undefined
  let looking: Promise<boolean> | undefined

  async function reconnectedElsewhere(): Promise<boolean> {
    const now = configuration.text()
    if (now === text) return false
    const next = await configuration.connect()
    connection.close()
    connection = next
    text = now
    return true
  }

  /** Without a session there is nothing that a second request would do twice. */
  async function mayTryAgain(error: unknown, session: string | undefined): Promise<boolean> {
    if (!isUnavailable(error) || session !== undefined) return false
    lostAt ??= performance.now()
    const patient = performance.now() - lostAt < PATIENCE_MS
    if (patient) await delay(AGAIN_MS)
    // While somebody is at work on the configuration, the old one is as good as any.
    looking ??= reconnectedElsewhere()
      .catch(() => false)
      .finally(() => {
        looking = undefined
      })
    return (await looking) || patient
  }

  async function call<K extends OperationName>(
    operation: K,
    request: Request<K>,
    session?: string,
  ): Promise<Reply<K>> {
    for (;;) {
      try {
        const reply = await connection.hsm.call(operation, request, session)
        lostAt = undefined
        return reply
      } catch (error) {
        if (!(await mayTryAgain(error, session))) throw error
      }
    }
  }

  return { hsm: { call }, connection: () => connection }
}

const isUnavailable = (error: unknown): boolean => error instanceof HsmError && error.code === 'unavailable'
