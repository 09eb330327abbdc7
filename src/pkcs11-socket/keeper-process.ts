/** The keeper's process, as its HSM sees it: started when it is first needed, and again when it has ended. */
import type { ChildProcess } from 'node:child_process'
import type { Log } from '../base/log.ts'
import type { KeeperMessage } from './keeper-messages.ts'

/** One that cannot be kept alive is not tried again and again at once. */
const AGAIN_MS = 1000
/**
 * A channel that takes nothing for so long takes nothing any more: Node sends no further message before a handle is
 * confirmed, and the handle of a connection that ends on its way never is. A process that is stopped looks alike.
 */
const STUCK_MS = 5000

export type KeeperProcess = {
  running(): ChildProcess
  /** Resolves when it is on its way, and would arrive even if this process ended; or when the other one has ended. */
  tell(to: ChildProcess, message: KeeperMessage, handle?: unknown): Promise<void>
  /** Resolves when all that was told so far is on its way. */
  told(): Promise<void>
}

/**
 * @param onEnded a moment after one has ended; what it knew, another one has to be told
 * @param stuckMs one that takes nothing for so long is ended
 */
export function createKeeperProcess(
  start: () => ChildProcess,
  onEnded: () => void,
  log: Log,
  stuckMs = STUCK_MS,
): KeeperProcess {
  const outgoing = new WeakMap<ChildProcess, Outgoing>()
  let child: ChildProcess | undefined
  let sending: Promise<void> = Promise.resolve()
  return {
    running() {
      if (child?.connected) return child
      const started = start()
      started.once('error', (error) => log('warn', { err: error }, 'the keeper could not be started'))
      started.once('exit', (code, signal) => {
        log('warn', { code, signal }, 'the keeper has ended')
        outgoing.get(started)?.end()
        setTimeout(onEnded, AGAIN_MS).unref()
      })
      // Neither it nor the channel keeps this process from ending.
      started.unref()
      started.channel?.unref()
      const replace = () => {
        log('warn', {}, 'the keeper takes in nothing any more, and is replaced')
        started.kill('SIGKILL')
      }
      outgoing.set(started, createOutgoing(stuckMs, replace))
      child = started
      return started
    },
    tell(to, message, handle) {
      if (!to.connected) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      to.send(message, handle as never, { keepOpen: true }, outgoing.get(to)?.add(resolve))
      sending = promise
      return promise
    },
    told: () => sending,
  }
}

/** What one process is to be told and is not on its way yet. */
type Outgoing = {
  /** Returns what is to be called when it is. */
  add(onSent: () => void): () => void
  /** The process is gone. */
  end(): void
}

/** @param onStuck called when something waits, and nothing has gone out for so long */
function createOutgoing(stuckMs: number, onStuck: () => void): Outgoing {
  const waiting = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  const stuck = () => {
    onStuck()
    end()
  }
  const watch = () => {
    clearTimeout(timer)
    if (waiting.size > 0) timer = setTimeout(stuck, stuckMs)
  }
  const end = () => {
    for (const done of waiting) done()
  }
  return {
    add(onSent) {
      const done = () => {
        waiting.delete(done)
        onSent()
        watch()
      }
      waiting.add(done)
      if (waiting.size === 1) watch()
      return done
    },
    end,
  }
}
