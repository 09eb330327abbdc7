/** How a request ended, as the journals are told: one value for every operation, made by the pipeline. */
import { changesOf } from '../../audit/changes.ts'
import type { CatalogView } from '../../catalog/catalog.ts'
import type { CallSource } from '../../contract/call-source.ts'
import type { ErrorCode } from '../../contract/errors.ts'
import type { AuditEvent } from '../../model/audit.ts'
import type { Write } from '../../model/records.ts'
import type { Call } from '../call.ts'

export type RequestOutcome = {
  /** By its name in the journals. */
  readonly operation: string
  readonly code: 'ok' | ErrorCode
  readonly call: Call
  /** What the request is about, by kind and name: `key/0x…` of keys that were selected or made, `user/alice`. */
  readonly subjects: readonly string[]
  /** By which a key was used. */
  readonly mechanism?: string | undefined
  /** Items in the request, when there were several. */
  readonly count?: number | undefined
  /** Of the user that it is about, as the request says. */
  readonly userRole?: string | undefined
  /** The id of the session that it opened. */
  readonly opened?: string | undefined
}

/** Objects that were refused for one reason, of a request about several. */
export type Refused = { readonly code: ErrorCode; readonly subjects: readonly string[] }

/**
 * @param at Unix time in milliseconds
 * @param view knows the user whose password was tried
 */
export function eventOf(outcome: RequestOutcome, at: number, view?: CatalogView): AuditEvent {
  const { operation, code, call, subjects, mechanism, count, opened, userRole } = outcome
  const { actor, source } = call
  const tried = actor.role === 'nobody' ? view && triedRole(view, outcome) : undefined
  return {
    at,
    actor: actor.username,
    operation,
    outcome: code,
    subjects: [...new Set(subjects)],
    ...(actor.role !== 'nobody' && { role: actor.role, session: actor.session }),
    ...(tried !== undefined && { role: tried }),
    ...(opened !== undefined && { session: opened }),
    source: sourceText(source),
    ...(mechanism !== undefined && { mechanism }),
    ...(count !== undefined && count > 1 && { count }),
    ...(userRole !== undefined && { userRole }),
  }
}

/** The event of a change, with what it changed of the view before it. */
export function changeEventOf(
  view: CatalogView,
  outcome: RequestOutcome,
  writes: readonly Write[],
  at: number,
): AuditEvent {
  const { objects, changes, changesLeftOut } = changesOf(before(view, outcome.call), writes)
  // Of the cluster's own record the changes say enough.
  const named = objects.filter((name) => name.startsWith('key/') || name.startsWith('certificate/'))
  return {
    ...eventOf({ ...outcome, subjects: [...outcome.subjects, ...named] }, at, view),
    ...(changes.length > 0 && { changes }),
    ...(changesLeftOut !== undefined && { changesLeftOut }),
  }
}

/** Of the user whose password was tried. */
function triedRole(view: CatalogView, { subjects }: RequestOutcome): string | undefined {
  const [username] = subjects.flatMap((name) => (name.startsWith('user/') ? name.slice('user/'.length) : []))
  return username === undefined ? undefined : view.userByName(username)?.role
}

/** The keys of a session are in its own catalog. */
const before = (view: CatalogView, { session }: Call) => ({
  get: (key: Parameters<CatalogView['get']>[0]) => view.get(key) ?? session?.keys.get(key),
  user: (id: string) => view.user(id),
})

function sourceText(source: CallSource): string {
  switch (source.kind) {
    case 'https':
      return `https ${source.address}`
    case 'pkcs11':
      if ('address' in source) return `pkcs11 ${source.address}`
      return `pkcs11 pid ${source.pid ?? '-'} uid ${source.uid ?? '-'}`
    case 'local':
      return 'local'
  }
}
