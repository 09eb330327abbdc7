/** `strongroom status`: whether the HSM of a home serves, and what it holds. */
import { askStatus } from './ask.ts'
import type { Home } from './home.ts'
import { showAddress } from './listen-address.ts'
import { done, type Outcome } from './outcome.ts'
import { notRunning, readRunning } from './running.ts'

export async function status(home: Home, { json }: { readonly json: boolean }): Promise<Outcome> {
  const running = readRunning(home)
  if (!running) return notRunning(home)
  const facts = { pid: running.pid, address: showAddress(running), ...(await askStatus(home, running)) }
  return done(json ? JSON.stringify(facts, null, 2) : table(facts))
}

function table(facts: Readonly<Record<string, string | number>>): string {
  const width = Math.max(...Object.keys(facts).map((name) => name.length))
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}`)
    .join('\n')
}
