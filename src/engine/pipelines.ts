/** The three ways an operation runs: it reads, it changes state, or it uses a key. */

import type { CatalogView } from '../catalog/catalog.ts'
import { useKey } from '../cluster/key-use.ts'
import { HsmError } from '../contract/errors.ts'
import type { Checked, OperationName, Reply } from '../contract/operations.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Circumstances } from '../policy/circumstances.ts'
import { type Decision, deny, type Refusal } from '../policy/decision.ts'
import { exactlyOne } from '../policy/key-selection.ts'
import { isCurrent } from '../session/sessions.ts'
import { circumstances } from './facts.ts'
import { auditing } from './journal/auditing.ts'
import type { Refused } from './journal/outcome.ts'
import type { Call, Parts } from './parts.ts'
import { select } from './selection.ts'
import { applySessionWrites, storedWrites } from './session-keys.ts'

/** The operations that use one key. */
type Using =
  | 'crypto.sign'
  | 'crypto.verify'
  | 'crypto.encrypt'
  | 'crypto.decrypt'
  | 'key.export-public'
  | 'key.export-reference'
  | 'key.export-value'

export type Handler<K extends OperationName> = (
  parts: Parts,
  call: Call,
  request: Checked<K>,
) => Promise<Reply<K>>

/** What a rule's facts are gathered from. */
export type Facts = { readonly parts: Parts; readonly view: CatalogView; readonly call: Call }

/** Answers from one consistent view and changes nothing. That something is not there is said as a change says it. */
export function read<K extends OperationName>(
  decide: (facts: Facts, request: Checked<K>) => Decision<Reply<K>>,
): Handler<K> {
  return async (parts, call, request) => {
    const decision = decide({ parts, view: parts.store.catalog, call }, request)
    if (!decision.allow) await parts.barrier.confirmAll()
    return granted(decision)
  }
}

type Change<K extends OperationName, P, D> = {
  /** The name in the audit log, if it is not its own. */
  readonly loggedAs?: OperationName
  /** Slow work that is done before and outside of the transaction. */
  readonly prepare?: (parts: Parts, call: Call, request: Checked<K>) => Promise<P>
  /** Gathers the facts from the view and lets the rule decide. Synchronous, without effects: it may run again. */
  readonly decide: (facts: Facts, request: Checked<K>, prepared: P) => Decision<D>
  /** What the audit log calls the objects of the request that the writes do not show. */
  readonly subjects?: (request: Checked<K>, decided: D | undefined, prepared: P) => readonly string[]
  /** What of an allowed request was refused. */
  readonly refused?: (decided: D) => readonly Refused[]
  /** Effects on this HSM alone, and the reply. Runs when the change is committed and confirmed. */
  readonly reply: (parts: Parts, call: Call, decided: D, request: Checked<K>) => Reply<K> | Promise<Reply<K>>
  /** True when nothing of it concerns other HSMs; then it is not confirmed by them. */
  readonly localOnly?: boolean
  /** Wipes what `prepare` made. */
  readonly wipe?: (prepared: P) => void
}

/**
 * Decides and commits in one transaction, with the audit entry; answers when guarantee G holds for it. A refusal waits too:
 * when it says that there is no such key, user or right any more, whoever took it back may have died before anybody was
 * told, and this answer is then the one that is gone by.
 */
export function change<K extends OperationName, P = undefined, D = void>(
  operation: K,
  { loggedAs, prepare, decide, subjects, refused, reply, localOnly, wipe }: Change<K, P, D>,
): Handler<K> {
  return async (parts, call, request) => {
    const prepared = (await prepare?.(parts, call, request)) as P
    try {
      const { result, revision } = await parts.store.transact((view) => {
        const decision = stillIn(view, call)
          ? decide({ parts, view, call }, request, prepared)
          : deny('not-logged-in')
        return auditing(parts, view, call, {
          operation: loggedAs ?? operation,
          decision,
          writes: storedWrites(call, decision.writes),
          subjects: subjects?.(request, decision.allow ? decision.result : undefined, prepared) ?? [],
          refused: decision.allow ? (refused?.(decision.result) ?? []) : [],
        })
      })
      const { decision, refusals } = result
      for (const refusal of refusals) await parts.auditQueue.refusal(call.actor.id || refusal.actor, refusal)
      if (decision.allow) await applySessionWrites(parts, call, decision.writes)
      if (localOnly) await parts.barrier.settled(revision)
      else await parts.barrier.confirm(revision, !decision.allow || decision.writes.length === 0)
      return await reply(parts, call, granted(decision), request)
    } finally {
      if (prepared !== undefined) wipe?.(prepared)
    }
  }
}

/** Whoever was logged in before the slow part must be so when it counts. */
export const stillIn = (view: CatalogView, { actor, session }: Call): boolean =>
  session === undefined || isCurrent(session, view.user(actor.id))

type Use<K extends OperationName> = {
  readonly permit: (
    call: Call,
    key: KeyRecord,
    request: Checked<K>,
    circumstances: Circumstances,
  ) => Decision<void>
  /** @param check throws when the right was taken back meanwhile; to be called after every piece of work */
  readonly perform: (
    parts: Parts,
    call: Call,
    key: KeyRecord,
    request: Checked<K>,
    check: () => void,
  ) => Promise<Reply<K>>
}

/** Uses one key: decide, do the work, and release the result only if the right still stands (guarantee G). */
export function use<K extends Using>({ permit, perform }: Use<K>): Handler<K> {
  return (parts, call, request) =>
    useKey(
      { serving: parts.cluster.serving, uses: parts.uses },
      () => {
        const view = parts.store.catalog
        // Whoever was logged in before the fence must be so after it.
        if (!stillIn(view, call)) throw new HsmError('not-logged-in')
        const record = granted(exactlyOne(select(view, call, request.filter)))
        granted(permit(call, record, request, circumstances(parts, view, call)))
        return { record, key: record.id, user: call.actor.id, session: call.actor.session }
      },
      ({ record }, check) => perform(parts, call, record, request, check),
    )
}

/** The result of a decision that allows. Throws the refusal otherwise. */
export function granted<R>(decision: Decision<R>): R {
  if (decision.allow) return decision.result
  throw refusalError(decision)
}

const refusalError = ({ code, why }: Refusal): HsmError => new HsmError(code, why)
