/** The order of steps behind every use of a key; guarantee G stands and falls with it. */
import { HsmError } from '../contract/errors.ts'
import type { Serving } from './cluster.ts'
import type { Grant, Uses } from './uses.ts'

/**
 * @param permit decides on the state as it is, synchronously; throws the refusal
 * @param work its `check` throws when the result could not be released; to be called after every piece of work
 * @returns the result, if the right to it still stands when it is there
 * @throws HsmError `revoked`, `not-serving`, and what `permit` and `work` throw
 */
export async function useKey<G extends Grant, R>(
  { serving, uses }: { readonly serving: Serving; readonly uses: Uses },
  permit: () => G,
  work: (grant: G, check: () => void) => Promise<R>,
): Promise<R> {
  if (serving.fenced()) await serving.fence()
  serving.check()
  const grant = permit()
  const ticket = uses.begin(grant.key, grant.user, grant.session)
  const check = () => {
    serving.check()
    if (!ticket.live) throw new HsmError(ticket.reason)
  }
  try {
    const result = await work(grant, check)
    // The right may have ended on another HSM while this one was cut off or stood still.
    if (serving.fenced()) await serving.fence()
    check()
    return result
  } finally {
    ticket.end()
  }
}
