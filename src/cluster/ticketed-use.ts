/** The order of steps of every key use, on which guarantee G depends. */
import { HsmError } from '../contract/errors.ts'
import type { Serving } from './cluster.ts'
import type { Grant, Use, Uses } from './uses.ts'

/** What a use rests on: one right, or two when another key takes part. Each must stand when the result is released. */
type Used = Grant & { readonly with?: string | undefined }

/** The use cannot begin yet: something must be there first, such as material that is read from the store. */
export type NotYet = { readonly first: Promise<unknown> }

type Needs = { readonly serving: Serving; readonly uses: Uses }
type Work<G, R> = (grant: G, check: () => void) => R | Promise<R>

/**
 * Without the fence, and if the work needs no waiting, all of it is one synchronous stretch of code. What must be there first is waited
 * for without a ticket, so nobody who takes the right back waits for it; after that everything is decided anew.
 *
 * @param permit decides on the state as it is, synchronously; throws the refusal. What it decides on is what is used: it is
 *   called once, and again after what it wanted first
 * @param work its `check` throws when the result could not be released; to be called after every piece of work
 * @returns the result, if the right to it still stands when it is there
 * @throws HsmError `revoked`, `not-serving`, and what `permit` and `work` throw
 */
export function underTickets<G extends Used, R>(
  needs: Needs,
  permit: () => G | NotYet,
  work: Work<G, R>,
): R | Promise<R> {
  if (needs.serving.fenced()) return needs.serving.fence().then(() => use(needs, permit, work))
  return use(needs, permit, work)
}

function use<G extends Used, R>(needs: Needs, permit: () => G | NotYet, work: Work<G, R>): R | Promise<R> {
  const { serving, uses } = needs
  serving.check()
  const grant = permit()
  if ('first' in grant) return grant.first.then(() => underTickets(needs, permit, work))
  const { user, session } = grant
  const ticket = uses.begin(grant.key, user, session)
  const other = grant.with === undefined ? undefined : uses.begin(grant.with, user, session)
  const check = () => {
    serving.check()
    checkTicket(ticket)
    if (other) checkTicket(other)
  }
  const end = () => {
    ticket.end()
    other?.end()
  }
  let result: R | Promise<R>
  try {
    result = work(grant, check)
    if (result instanceof Promise || serving.fenced()) return released(result, serving, check, end)
    check()
  } catch (error) {
    end()
    throw error
  }
  end()
  return result
}

function checkTicket({ live, reason }: Use): void {
  if (!live) throw new HsmError(reason)
}

/** The right may have ended on another HSM while this one was cut off or stood still. */
async function released<R>(
  result: R | Promise<R>,
  serving: Serving,
  check: () => void,
  end: () => void,
): Promise<R> {
  try {
    const there = await result
    if (serving.fenced()) await serving.fence()
    check()
    return there
  } finally {
    end()
  }
}
