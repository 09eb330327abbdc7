import type { KeyRecord } from '../model/records.ts'
import { allow, type Decision, deny } from './decision.ts'

/** Every command but `key list` works on exactly one key. */
export function exactlyOne(matched: readonly KeyRecord[]): Decision<KeyRecord> {
  const [key, ...others] = matched
  if (key && others.length === 0) return allow(key)
  return deny(
    'key-selection',
    `Key selection criteria matched ${matched.length} keys. Refine selection criteria to select a single key.`,
  )
}
