/** The material of keys as their records have it, base64: of token keys it is in the store, of session keys here. */
import type { MaybePromise } from '../../base/maybe-promise.ts'
import { type KeyRecord, recordKey } from '../../model/records.ts'
import type { SessionEnds } from '../../session/sessions.ts'
import type { Store } from '../../store/store.ts'

export interface Materials {
  /** @throws HsmError as `Store.material` does */
  of(key: KeyRecord): MaybePromise<string>
  /** Of a session key; undefined for any other. */
  ofSession(reference: string): string | undefined
  /** A key of that session has it until it is forgotten, or the session ends. */
  keep(session: string, reference: string, material: string): void
  forget(reference: string): void
}

export function createMaterials(store: Pick<Store, 'material'>, sessions: SessionEnds): Materials {
  const own = new Map<string, { readonly session: string; readonly material: string }>()
  sessions.onEnd(({ id }) => {
    for (const [reference, { session }] of own) if (session === id) own.delete(reference)
  })
  const ofSession = (reference: string) => own.get(reference)?.material
  return {
    of: (key) => ofSession(key.id) ?? store.material(recordKey(key)),
    ofSession,
    keep: (session, reference, material) => void own.set(reference, { session, material }),
    forget: (reference) => void own.delete(reference),
  }
}
