/** The material of keys as their records have it, base64: of token keys it is in the store, of session keys here. */
import type { MaybePromise } from '../../base/maybe-promise.ts'
import { type KeyRecord, type RecordKey, recordKey } from '../../model/records.ts'
import type { SessionEnds } from '../../session/sessions.ts'
import type { Store } from '../../store/store.ts'

export interface Materials {
  /** @throws HsmError as `Store.material` does */
  of(key: KeyRecord): MaybePromise<string>
  /**
   * Resolves when `of` has it at once, for a while; undefined when it does so now. Who asks meanwhile waits for the same reading.
   *
   * @throws HsmError as `Store.material` does
   */
  toRead(key: KeyRecord): Promise<unknown> | undefined
  /** Of a session key; undefined for any other. */
  ofSession(reference: string): string | undefined
  /** A key of that session has it until it is forgotten, or the session ends. */
  keep(session: string, reference: string, material: string): void
  forget(reference: string): void
}

export function createMaterials(
  store: Pick<Store, 'material' | 'hasMaterial'>,
  sessions: SessionEnds,
): Materials {
  const own = new Map<string, { readonly session: string; readonly material: string }>()
  sessions.onEnd(({ id }) => {
    for (const [reference, { session }] of own) if (session === id) own.delete(reference)
  })
  const underWay = new Map<RecordKey, Promise<unknown>>()
  function read(at: RecordKey): Promise<unknown> {
    const reading = underWay.get(at) ?? Promise.resolve(store.material(at)).finally(() => underWay.delete(at))
    underWay.set(at, reading)
    return reading
  }
  const ofSession = (reference: string) => own.get(reference)?.material
  return {
    of: (key) => ofSession(key.id) ?? store.material(recordKey(key)),
    toRead(key) {
      const at = recordKey(key)
      return own.has(key.id) || store.hasMaterial(at) ? undefined : read(at)
    },
    ofSession,
    keep: (session, reference, material) => void own.set(reference, { session, material }),
    forget: (reference) => void own.delete(reference),
  }
}
