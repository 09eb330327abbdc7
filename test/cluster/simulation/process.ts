/** One process of a node: it has a clock of its own, can be stopped for a while, and can be killed. */
import type { Chance, VirtualTime } from './virtual-time.ts'

export interface Process {
  readonly alive: boolean
  readonly paused: boolean
  /** Milliseconds on this machine's clock, which may run at a wrong rate but goes on while the process is stopped. */
  clock(): number
  /** Something arrives from outside, at a true time. */
  arrives(at: number, event: () => void): void
  /** A timer on this machine's clock. */
  after(ms: number, callback: () => void): () => void
  pause(): void
  resume(): void
  kill(): void
  /** How long it has been stopped, in all. */
  stopped(): number
}

export function createProcess(time: VirtualTime, chance: Chance, rate: number): Process {
  const held: (() => void)[] = []
  const offset = chance.between(0, 1e6)
  let alive = true
  let paused = false
  let pausedAt = 0
  let stopped = 0

  const run = (event: () => void) => {
    if (!alive) return
    // What arrived while it was stopped comes first.
    if (paused || held.length > 0) held.push(event)
    else event()
  }

  const catchUp = () => {
    if (paused || !alive) return
    held.shift()?.()
    if (held.length > 0) time.at(time.now(), catchUp)
  }

  return {
    get alive() {
      return alive
    },
    get paused() {
      return paused
    },
    clock: () => offset + time.now() * rate,
    arrives: (at, event) => time.at(at, () => run(event)),
    after(ms, callback) {
      let cancelled = false
      time.at(time.now() + ms / rate + chance.between(0, 2), () =>
        run(() => {
          if (!cancelled) callback()
        }),
      )
      return () => {
        cancelled = true
      }
    },
    pause() {
      if (paused) return
      paused = true
      pausedAt = time.now()
    },
    resume() {
      if (!paused) return
      paused = false
      stopped += time.now() - pausedAt
      catchUp()
    },
    kill() {
      alive = false
    },
    stopped: () => stopped + (paused ? time.now() - pausedAt : 0),
  }
}
