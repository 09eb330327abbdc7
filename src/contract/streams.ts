import * as v from 'valibot'
import { keyFilter } from './filters.ts'
import { cipher, mechanism } from './mechanisms.ts'

/** What is to be done with a message that comes in parts, and with which key. */
export const streamStart = v.variant('purpose', [
  v.strictObject({ filter: keyFilter('filter'), purpose: v.picklist(['sign', 'verify']), mechanism }),
  v.strictObject({ filter: keyFilter('filter'), purpose: v.picklist(['encrypt', 'decrypt']), cipher }),
])
export type StreamStart = v.InferOutput<typeof streamStart>

type WithoutFilter<T> = T extends unknown ? Omit<T, 'filter'> : never
/** What is to be done with the message, whichever the key. */
export type StreamUse = WithoutFilter<StreamStart>
