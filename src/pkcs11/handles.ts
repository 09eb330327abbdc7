/** The object handles of one application: small numbers, never used again for something else. */

export type ObjectReference = {
  readonly kind: 'key' | 'certificate'
  /** The key reference, or that of the certificate. */
  readonly reference: string
}

export interface Handles {
  /** The same object has the same handle for as long as the login lasts. */
  of(kind: ObjectReference['kind'], reference: string): number
  get(handle: number): ObjectReference | undefined
  forget(handle: number): void
  clear(): void
  snapshot(): HandlesSnapshot
}

/** Plain data. */
export type HandlesSnapshot = {
  readonly last: number
  readonly objects: readonly (readonly [handle: number, object: ObjectReference])[]
}

/** @param from what another table had, to go on with */
export function createHandles(from: HandlesSnapshot = { last: 0, objects: [] }): Handles {
  const objects = new Map(from.objects)
  const handles = new Map(from.objects.map(([handle, { reference }]) => [reference, handle]))
  let { last } = from
  return {
    of(kind, reference) {
      const known = handles.get(reference)
      if (known !== undefined) return known
      last += 1
      handles.set(reference, last)
      objects.set(last, { kind, reference })
      return last
    },
    get: (handle) => objects.get(handle),
    forget(handle) {
      const object = objects.get(handle)
      if (object) handles.delete(object.reference)
      objects.delete(handle)
    },
    clear() {
      objects.clear()
      handles.clear()
    },
    snapshot: () => ({ last, objects: [...objects] }),
  }
}
