/** The keeper's process, as its HSM sees it: started when it is first needed, and again when it has ended. */
import type { ChildProcess } from 'node:child_process'
import type { Log } from '../open-engine.ts'
import type { KeeperMessage } from './keeper-messages.ts'

/** One that cannot be kept alive is not tried again and again at once. */
const AGAIN_MS = 1000

export type KeeperProcess = {
  running(): ChildProcess
  /** Resolves when it is on its way, and would arrive even if this process ended. */
  tell(to: ChildProcess, message: KeeperMessage, handle?: unknown): Promise<void>
  /** Resolves when all that was told so far is on its way. */
  told(): Promise<void>
}

/** @param onEnded a moment after one has ended; what it knew, another one has to be told */
export function createKeeperProcess(start: () => ChildProcess, onEnded: () => void, log: Log): KeeperProcess {
  let child: ChildProcess | undefined
  let sending: Promise<void> = Promise.resolve()
  return {
    running() {
      if (child?.connected) return child
      const started = start()
      started.once('error', (error) => log('warn', { err: error }, 'the keeper could not be started'))
      started.once('exit', (code, signal) => {
        log('warn', { code, signal }, 'the keeper has ended')
        setTimeout(onEnded, AGAIN_MS).unref()
      })
      // Neither it nor the channel keeps this process from ending.
      started.unref()
      started.channel?.unref()
      child = started
      return started
    },
    tell(to, message, handle) {
      if (!to.connected) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      to.send(message, handle as never, { keepOpen: true }, () => resolve())
      sending = promise
      return promise
    },
    told: () => sending,
  }
}
