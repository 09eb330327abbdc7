/**
 * Which keys have a certain value. Most values (labels, ids) belong to one key, so a set is made only for the
 * second: among a million keys that saves some 200 MB.
 */
export interface ReferenceIndex {
  /** A live view or a copy: good until the next change. */
  get(value: string): ReadonlySet<string>
  add(value: string, reference: string): void
  remove(value: string, reference: string): void
}

const NONE: ReadonlySet<string> = new Set()

/** From a value to the references that have it. Small where most values have one reference. */
export function createReferenceIndex(): ReferenceIndex {
  const entries = new Map<string, string | Set<string>>()
  return {
    get(value) {
      const found = entries.get(value)
      if (found === undefined) return NONE
      return typeof found === 'string' ? new Set([found]) : found
    },
    add(value, reference) {
      const found = entries.get(value)
      if (found === undefined) entries.set(value, reference)
      else if (typeof found !== 'string') found.add(reference)
      else if (found !== reference) entries.set(value, new Set([found, reference]))
    },
    remove(value, reference) {
      const found = entries.get(value)
      if (found === reference) entries.delete(value)
      if (typeof found !== 'object' || !found.delete(reference)) return
      if (found.size === 0) entries.delete(value)
    },
  }
}
