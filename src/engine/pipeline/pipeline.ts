/**
 * The order in which every operation is carried out, written once. Who asks, whether they may at all and whether the request is
 * well formed is known when a request comes here (`engine.ts`); then
 *
 * 1. **select** the keys that the request names, by the row of the operation table,
 * 2. **may** it be done: policy decides on these keys as things are;
 * 3. **work**, under a ticket for every key that is used;
 * 4. **may** it still be done: the tickets are good, and what is to be committed is decided on again, in the transaction;
 * 5. **commit**, with the entry in the audit log;
 * 6. **confirm** that it is in effect on every HSM (guarantee G);
 * 7. **reply**.
 */

import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import type { CatalogView } from '../../catalog/catalog.ts'
import { underTickets } from '../../cluster/ticketed-use.ts'
import type { Grant } from '../../cluster/uses.ts'
import type { Checked, OperationName, Reply } from '../../contract/operations.ts'
import { mayGoOn } from '../../policy/access.ts'
import { allow, type Decision, type Refusal } from '../../policy/decision.ts'
import type { Conclusion } from '../../store/store.ts'
import type { Call } from '../call.ts'
import { auditing, type Outcomes } from '../journal/auditing.ts'
import type { Refused } from '../journal/outcome.ts'
import { applySessionWrites, storedWrites } from '../keys/session-keys.ts'
import type { Parts } from '../parts.ts'
import { type Attempt, note, outcomeOf, recordDone } from './attempt.ts'
import { commonFacts, type Facts } from './facts.ts'
import { createFirstReading } from './first-reading.ts'
import { granted, refusalError } from './granted.ts'
import { namesInUse } from './key-names.ts'
import { type Pinned, selectKeys } from './selection.ts'

/** Carries out a request that has passed its schema. Without waiting, where nothing needs it. */
export type Handler<K extends OperationName> = (
  attempt: Attempt,
  request: Checked<K>,
) => MaybePromise<Reply<K>>

/** What the work is given besides the facts. */
export type Permit<P, H> = {
  readonly parts: Parts
  /** What `may` has decided. */
  readonly permitted: P
  /** Throws when the result could not be released any more; to be called after every piece of work. */
  readonly check: () => void
  /** What `around` holds meanwhile. */
  readonly held: H
  /** Adds something to what the journals call the subjects of the request. */
  readonly note: (subject: string) => void
}

type Common<K extends OperationName, P, W, H> = {
  /**
   * Whether it may be done, and what follows from that; left out, whoever may ask may. Pure: asked before the work, and again,
   * about the same keys, in the transaction that commits it, which may run more than once.
   */
  readonly may?: (facts: Facts<K>, request: Checked<K>) => Decision<P>
  /** The key in use whose bytes the work takes from `withMaterial`. */
  readonly inClear?: 'key' | 'payload'
  /** Whatever takes time or has effects. */
  readonly work?: (facts: Facts<K>, request: Checked<K>, permit: Permit<P, H>) => MaybePromise<W>
  /** Runs all of it while something is held: a turn, a stream. */
  readonly around?: (
    attempt: Attempt,
    request: Checked<K>,
    run: (held: H) => MaybePromise<Reply<K>>,
  ) => MaybePromise<Reply<K>>
}

/** The reply, from the view that was decided on; what has work gives it there. */
type Read<K extends OperationName> = (
  facts: Facts<K>,
  request: Checked<K>,
  parts: Parts,
) => Decision<Reply<K>>
type Answer<K extends OperationName, P, H> = Common<K, P, Reply<K>, H> &
  (
    | { readonly read: Read<K>; readonly work?: undefined }
    | { readonly read?: undefined; readonly work: object }
  )

/** Changes nothing in the store. The reply is what the work gives or, without any, what is read. */
export function answer<K extends OperationName, P = void, H = undefined>(steps: Answer<K, P, H>): Handler<K> {
  return (attempt, request) =>
    within(steps, attempt, request, (held) => answered(steps, attempt, request, held))
}

type Change<K extends OperationName, P, W, D, H> = Common<K, P, W, H> & {
  /** What is committed besides what `may` wants written. It has no effects, since it may run more than once. */
  readonly change?: (facts: Facts<K>, request: Checked<K>, done: Done<P, W>) => Decision<D>
  /** What was refused of a request that is allowed. */
  readonly refused?: (decided: D) => readonly Refused[]
  /** Effects on this HSM alone, and the reply. Runs when the change is committed and confirmed. */
  readonly reply: (at: Committed, decided: D, request: Checked<K>) => Reply<K>
  /** True when nothing of it concerns other HSMs; then it is not confirmed by them. */
  readonly localOnly?: boolean
  /** Wipes what the work made. */
  readonly wipe?: (made: W) => void
}

/** `permitted`: what `may` has decided now; `made`: what the work gave, undefined without any. */
type Done<P, W> = { readonly parts: Parts; readonly permitted: P; readonly made: W }

export type Committed = { readonly parts: Parts; readonly call: Call }

/** Changes what is stored, with an entry in the audit log; answers when guarantee G holds for it. */
export function change<K extends OperationName, P = undefined, W = undefined, D = P, H = undefined>(
  steps: Change<K, P, W, D, H>,
): Handler<K> {
  return (attempt, request) =>
    within(steps, attempt, request, (held) => {
      if ('dry-run' in request && request['dry-run']) return tried(steps, attempt, request)
      if (!steps.work) return committed(steps, attempt, request, undefined)
      return andThen(worked(steps, attempt, request, { held, commits: true }), (worked) =>
        committed(steps, attempt, request, worked),
      )
    })
}

const within = <K extends OperationName, P, W, H>(
  { around }: Common<K, P, W, H>,
  attempt: Attempt,
  request: Checked<K>,
  run: (held: H) => MaybePromise<Reply<K>>,
): MaybePromise<Reply<K>> => (around ? around(attempt, request, run) : run(undefined as H))

function answered<K extends OperationName, P, H>(
  steps: Answer<K, P, H>,
  attempt: Attempt,
  request: Checked<K>,
  held: H,
): MaybePromise<Reply<K>> {
  const { parts } = attempt
  if (steps.work)
    return andThen(worked(steps, attempt, request, { held, commits: false }), ({ made }) => made)
  const decision = decide(steps, attempt, request, parts.store.catalog)
  if (!decision.allow) return refuse(parts, decision)
  const reply = steps.read(decision.result.facts, request, parts)
  return reply.allow ? reply.result : refuse(parts, reply)
}

/** Decides, and changes nothing. */
function tried<K extends OperationName, P, W, D, H>(
  steps: Change<K, P, W, D, H>,
  attempt: Attempt,
  request: Checked<K>,
): MaybePromise<Reply<K>> {
  const { parts, call } = attempt
  const decision = decideChange(steps, attempt, request, parts.store.catalog, undefined)
  return decision.allow ? steps.reply({ parts, call }, decision.result, request) : refuse(parts, decision)
}

type Decided<K extends OperationName, P> = { readonly facts: Facts<K>; readonly permitted: P }

/** Select and may, in one synchronous stretch of code. Whoever was logged in when it was asked must be so when it counts. */
function decide<K extends OperationName, P, W, H>(
  { may }: Common<K, P, W, H>,
  attempt: Attempt,
  request: Checked<K>,
  view: CatalogView,
  pinned?: Pinned,
): Decision<Decided<K, P>> {
  const { actor, session } = attempt.call
  const still = mayGoOn(session, view.user(actor.id))
  if (!still.allow) return still
  const facts = commonFacts(attempt, view, request) as Facts<K>
  const refused = selectKeys(attempt, facts, request, pinned)
  if (refused) return refused
  if (!may) return allow({ facts, permitted: undefined as P })
  const decision = may(facts, request)
  return decision.allow ? { ...decision, result: { facts, permitted: decision.result } } : decision
}

/** What was made, of which keys. */
type Worked<W> = { readonly made: W; readonly of: Pinned }
/** `commits`: the entry in the audit log comes with a commit after the work. */
type Working<H> = { readonly held: H; readonly commits: boolean }

function worked<K extends OperationName, P, W, H>(
  steps: Common<K, P, W, H>,
  attempt: Attempt,
  request: Checked<K>,
  { held, commits }: Working<H>,
): MaybePromise<Worked<W>> {
  const { parts, row } = attempt
  const work = ({ facts, permitted }: Decided<K, P>, check?: () => void): MaybePromise<Worked<W>> => {
    const noted = (subject: string) => note(attempt, subject)
    const permit = { parts, permitted, check: check ?? nothing, held, note: noted }
    return andThen(steps.work?.(facts, request, permit) as MaybePromise<W>, (made) =>
      recorded(attempt, commits, { made, of: facts }, check),
    )
  }
  const used = namesInUse(row)
  if (used.length === 0) {
    const decision = decide(steps, attempt, request, parts.store.catalog)
    if (!decision.allow) return refuse(parts, decision)
    return work(decision.result)
  }
  const firstReading = createFirstReading(parts.keyring, used, steps.inClear)
  return underTickets<
    Grant & { readonly with: string | undefined; readonly decided: Decided<K, P> },
    Worked<W>
  >(
    { serving: parts.cluster.serving, uses: parts.uses },
    () => {
      const decided = granted(decide(steps, attempt, request, parts.store.catalog))
      const keys = decided.facts as Pinned
      const [one = '', other = ''] = used
      const first = firstReading(keys)
      if (first !== undefined) return { first }
      parts.useRecorder.checkRoom()
      const { id: user, session } = attempt.call.actor
      return { key: keys[one]?.id ?? '', with: keys[other]?.id, user, session, decided }
    },
    ({ decided }, check) => work(decided, check),
  )
}

/**
 * A use of a key is in the journal of key use, as far as that is wanted, and what is in the audit log without a change is there, before
 * the result is released. The right to it is checked once more after that.
 */
function recorded<W>(
  attempt: Attempt,
  commits: boolean,
  done: Worked<W>,
  check?: () => void,
): MaybePromise<Worked<W>> {
  check?.()
  const { useRecorder } = attempt.parts
  const used = check && useRecorder.isOn() ? useRecorder.record(outcomeOf(attempt, 'ok')) : undefined
  const inLog = !commits && attempt.row.audit === 'management' && !attempt.recorded
  if (!inLog) return used === undefined ? done : used.then(() => done)
  return Promise.all([used, recordDone(attempt)]).then(() => done)
}

const nothing = (): void => undefined

/**
 * Decides and commits in one transaction, with the audit entry. A refusal waits too: when it says that there is no such key,
 * user or right any more, whoever took it back may have died before anybody was told, and this answer is then the one that is
 * gone by.
 */
async function committed<K extends OperationName, P, W, D, H>(
  steps: Change<K, P, W, D, H>,
  attempt: Attempt,
  request: Checked<K>,
  worked: Worked<W> | undefined,
): Promise<Reply<K>> {
  const { parts, call } = attempt
  try {
    const { result, revision } = await parts.store.transact((view) => {
      const decision = decideChange(steps, attempt, request, view, worked)
      if (attempt.row.audit === 'none') return unrecorded(decision)
      return auditing(parts, view, decision, {
        outcome: outcomeOf(attempt, decision.allow ? 'ok' : decision.code),
        writes: storedWrites(parts, call, decision.writes),
        refused: decision.allow ? (steps.refused?.(decision.result) ?? []) : [],
      })
    })
    const { decision, refusals } = result
    attempt.recorded = result.recorded
    for (const refusal of refusals) await parts.auditQueue.refusal(call.actor.id || refusal.actor, refusal)
    if (decision.allow) await applySessionWrites(parts, call, decision.writes)
    if (steps.localOnly) await parts.barrier.settled(revision)
    else await parts.barrier.confirm(revision, !decision.allow || decision.writes.length === 0)
    return replied(steps, attempt, request, granted(decision))
  } finally {
    if (worked) steps.wipe?.(worked.made)
  }
}

/** That something was done is on the record; that its result could not be had after all is one outcome more. */
function replied<K extends OperationName, P, W, D, H>(
  { reply }: Change<K, P, W, D, H>,
  attempt: Attempt,
  request: Checked<K>,
  decided: D,
): Reply<K> {
  try {
    return reply(attempt, decided, request)
  } catch (error) {
    attempt.recorded = false
    throw error
  }
}

const unrecorded = <D>(decision: Decision<D>): Conclusion<Outcomes<D>> => ({
  writes: decision.writes,
  audit: [],
  result: { decision, recorded: true, refusals: [] },
})

function decideChange<K extends OperationName, P, W, D, H>(
  steps: Change<K, P, W, D, H>,
  attempt: Attempt,
  request: Checked<K>,
  view: CatalogView,
  worked: Worked<W> | undefined,
): Decision<D> {
  const decision = decide(steps, attempt, request, view, worked?.of)
  if (!decision.allow) return decision
  const { facts, permitted } = decision.result
  if (!steps.change) return allow(permitted as unknown as D, ...decision.writes)
  const done = { parts: attempt.parts, permitted, made: worked?.made as W }
  const changed = steps.change(facts, request, done)
  return changed.allow ? allow(changed.result, ...changed.writes, ...decision.writes) : changed
}

/** That something is not there is said when it is in effect everywhere that it is gone. */
async function refuse(parts: Parts, refusal: Refusal): Promise<never> {
  await parts.barrier.confirmAll()
  throw refusalError(refusal)
}
