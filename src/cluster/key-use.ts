/** The order of steps behind every use of a key; guarantee G stands and falls with it. */
import { HsmError } from '../contract/errors.ts'
import type { Serving } from './cluster.ts'
import type { Grant, Uses } from './uses.ts'

/** What a use rests on: one right, or two when another key takes part. Each must stand when the result is released. */
type Used = Grant & { readonly with?: string }

/**
 * @param permit decides on the state as it is, synchronously; throws the refusal. What it decides on is what is used: it is
 *   called once
 * @param work its `check` throws when the result could not be released; to be called after every piece of work
 * @returns the result, if the right to it still stands when it is there
 * @throws HsmError `revoked`, `not-serving`, and what `permit` and `work` throw
 */
export async function useKey<G extends Used, R>(
  { serving, uses }: { readonly serving: Serving; readonly uses: Uses },
  permit: () => G,
  work: (grant: G, check: () => void) => Promise<R>,
): Promise<R> {
  if (serving.fenced()) await serving.fence()
  serving.check()
  const grant = permit()
  const keys = grant.with === undefined ? [grant.key] : [grant.key, grant.with]
  const tickets = keys.map((key) => uses.begin(key, grant.user, grant.session))
  const check = () => {
    serving.check()
    for (const ticket of tickets) if (!ticket.live) throw new HsmError(ticket.reason)
  }
  try {
    const result = await work(grant, check)
    // The right may have ended on another HSM while this one was cut off or stood still.
    if (serving.fenced()) await serving.fence()
    check()
    return result
  } finally {
    for (const ticket of tickets) ticket.end()
  }
}
