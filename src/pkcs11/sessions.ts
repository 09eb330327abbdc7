/** The PKCS#11 sessions of one application, and what is under way in each (v2.40 §5.6). */
import { BOUNDS } from './bounds.ts'
import { CKR } from './cryptoki/returns.ts'
import { refuse } from './errors.ts'
import type { StoredReference } from './handles.ts'
import { type Active, giveUp, noneAtAll } from './operations/active.ts'

/** A session of PKCS#11. It has nothing to do with the HSM's sessions but that it needs one. */
export type Session = {
  readonly handle: number
  readonly readWrite: boolean
  readonly active: Active
  /** Session objects made in it, by reference; they end with it. */
  readonly own: Map<string, StoredReference>
}

export interface Sessions {
  /** Throws CKR_SESSION_COUNT. */
  open(readWrite: boolean): Session
  /** Throws CKR_SESSION_HANDLE_INVALID. */
  get(handle: number): Session
  all(): readonly Session[]
  remove(handle: number): void
  snapshot(): SessionsSnapshot
}

/** Plain data. What is under way in the sessions is not in it, nor are their objects: both are the HSM's. */
export type SessionsSnapshot = {
  readonly last: number
  readonly open: readonly { readonly handle: number; readonly readWrite: boolean }[]
}

/** Of the sessions that all applications may have: one taken, one given back. */
export type SessionPlaces = { readonly take: () => boolean; readonly give: () => void }

/** @param from what another table had, to go on with; those for which there is no place are closed */
export function createSessions(
  places: SessionPlaces,
  from: SessionsSnapshot = { last: 0, open: [] },
): Sessions {
  const known = from.open.filter(places.take)
  const open = new Map(known.map(({ handle, readWrite }) => [handle, begin(handle, readWrite)]))
  let { last } = from
  return {
    open(readWrite) {
      if (open.size >= BOUNDS.sessions || !places.take()) refuse(CKR.SESSION_COUNT)
      last += 1
      const session = begin(last, readWrite)
      open.set(last, session)
      return session
    },
    get: (handle) => open.get(handle) ?? refuse(CKR.SESSION_HANDLE_INVALID),
    all: () => [...open.values()],
    remove(handle) {
      if (open.delete(handle)) places.give()
    },
    snapshot: () => ({
      last,
      open: [...open.values()].map(({ handle, readWrite }) => ({ handle, readWrite })),
    }),
  }
}

const begin = (handle: number, readWrite: boolean): Session => ({
  handle,
  readWrite,
  active: noneAtAll(),
  own: new Map(),
})

/** Ends whatever is under way in a session. */
export async function endOperations({ active }: Session): Promise<void> {
  const operations = Object.values(active)
  Object.assign(active, noneAtAll())
  await Promise.all(operations.map(giveUp))
}
