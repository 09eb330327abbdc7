/** Notices a watch that is dead though its connection may not be: it does not bring what etcd has told of otherwise. */

export interface Watchdog {
  /** The watch should bring this revision soon. */
  expect(revision: number): void
  stop(): void
}

/** The watch brings a revision about when its writer is answered. */
const STALL_MS = 1000

/**
 * @param applied the newest revision that was applied
 * @param onStall called when a commit is known and not applied within a second
 */
export function createWatchdog(applied: () => number, onStall: () => void): Watchdog {
  let newest = 0
  let timer: NodeJS.Timeout | undefined
  const begin = () => {
    timer = setTimeout(look, STALL_MS, newest)
    timer.unref()
  }
  const look = (expected: number) => {
    timer = undefined
    if (applied() < expected) onStall()
    if (applied() < newest) begin()
  }
  return {
    expect(revision) {
      newest = Math.max(newest, revision)
      if (!timer && applied() < newest) begin()
    },
    stop: () => clearTimeout(timer),
  }
}
