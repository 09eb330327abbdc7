/**
 * The HSM's side of the keeper: a process that has every PKCS#11 connection open as well, does nothing with them, and
 * outlives the HSM. A program whose connection broke would be killed by its next call (the client library writes
 * without suppressing SIGPIPE); so it finds the keeper at the other end instead.
 */
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Snapshot } from '../../pkcs11/serve.ts'
import type { Log } from '../open-engine.ts'
import type { KeeperMessage } from './keeper-messages.ts'

export type Held = {
  /** The keeper could go on with it from here. */
  idle(snapshot: Snapshot): void
  /** Something is asked; if the HSM ended now, nobody could tell whether it had been answered. */
  busy(): void
  gone(): void
}

export type Keeper = {
  hold(socket: Socket): Held
  /** How many connections would go on if this process ended now. */
  ready(): number
  /** Resolves when the keeper knows all that it was told. It takes over when this process ends. */
  told(): Promise<void>
}

/** @param start the process, with an IPC channel; started when it is first needed, and again if it ended */
export function createKeeper(start: () => ChildProcess, log: Log): Keeper {
  let child: ChildProcess | undefined
  let lastId = 0
  let sending: Promise<void> = Promise.resolve()
  const ready = new Set<number>()

  function running(): ChildProcess {
    if (child?.connected) return child
    const started = start()
    started.once('error', (error) => log('warn', { err: error }, 'the keeper could not be started'))
    started.once('exit', (code, signal) => log('warn', { code, signal }, 'the keeper has ended'))
    // Neither it nor the channel keeps this process from ending.
    started.unref()
    started.channel?.unref()
    child = started
    return started
  }

  /** Resolves when it is on its way, and would arrive even if this process ended. */
  function tell(to: ChildProcess, message: KeeperMessage, handle?: unknown): Promise<void> {
    if (!to.connected) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    to.send(message, handle as Socket | undefined, { keepOpen: true }, () => resolve())
    sending = promise
    return promise
  }

  return {
    hold(socket) {
      lastId += 1
      const id = lastId
      const to = running()
      void tell(to, { hold: id }, handleOf(socket))
      let reports = 0
      function notReady(message: KeeperMessage): void {
        reports += 1
        ready.delete(id)
        void tell(to, message)
      }
      return {
        idle(snapshot) {
          reports += 1
          const report = reports
          void tell(to, { idle: id, snapshot }).then(() => {
            if (report === reports && to.connected) ready.add(id)
          })
        },
        busy: () => notReady({ busy: id }),
        gone: () => notReady({ gone: id }),
      }
    },
    ready: () => ready.size,
    told: () => sending,
  }
}

/**
 * The socket itself would begin to read at the other end, and take from this one what it should read; the handle
 * below it does nothing by itself. Node passes both.
 */
const handleOf = (socket: Socket): Handle | null =>
  (socket as unknown as { readonly _handle: Handle | null })._handle

type Handle = { readStop(): void }

/** What has not been read yet stays in the system's hands, for whoever has the connection open as well. */
export const stopReading = (socket: Socket): void => handleOf(socket)?.readStop()
