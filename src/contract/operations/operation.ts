/** What every operation has, and pieces that several of them share. */
import * as v from 'valibot'
import { keyFilter } from '../filters.ts'

/**
 * Who may ask at the least: anyone at all, anyone logged in, or only that role. Everything beyond it
 * (who owns the key, what its attributes permit) is decided in `policy/`.
 */
export type Access = 'anyone' | 'session' | 'crypto-user' | 'admin'

export type Operation = {
  readonly access: Access
  /** Takes a right back, at once: it finds room in an HSM that is busy with everything else. */
  readonly revokes?: true
  readonly about: string
  readonly request: v.GenericSchema
  readonly reply: v.GenericSchema
}

export const nothing = v.strictObject({})
export const done = v.object({})
export const count = v.pipe(v.number(), v.integer(), v.minValue(0))
export const one = { filter: keyFilter('filter') }
