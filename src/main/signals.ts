/** The signals that ask a program to end, and the one that asks it to read its files anew. */
import { isatty } from 'node:tty'

/**
 * The second signal ends the process at once.
 *
 * @param onHangUp called for each SIGHUP, unless it says that the terminal of the program is gone
 */
export function firstSignal(onHangUp: () => void): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  const terminals = [0, 1, 2].filter((file) => isatty(file))
  let asked = false
  const end = (signal: NodeJS.Signals) => {
    if (asked) process.exit(1)
    asked = true
    resolve(signal)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(signal))
  process.on('SIGHUP', () => {
    if (terminals.some((file) => !isatty(file))) end('SIGHUP')
    else onHangUp()
  })
  return promise
}
