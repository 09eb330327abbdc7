import type * as v from 'valibot'
import { ADMINISTRATION } from './operations/administration.ts'
import { AUDIT } from './operations/audit.ts'
import { CRYPTO } from './operations/crypto.ts'
import { KEYS } from './operations/keys.ts'
import { REPLICATION } from './operations/replication.ts'

/** The whole vocabulary of the HSM: what may be asked, by whom at the least, and what comes back. */
export const OPERATIONS = { ...ADMINISTRATION, ...AUDIT, ...KEYS, ...REPLICATION, ...CRYPTO } as const

export type { Operation } from './operations/operation.ts'
export type Operations = typeof OPERATIONS
export type OperationName = keyof Operations
/** What the caller hands in: defaults may be left out. */
export type Request<K extends OperationName> = v.InferInput<Operations[K]['request']>
/** What the engine works with: checked, defaults filled in, names in their normal form. */
export type Checked<K extends OperationName> = v.InferOutput<Operations[K]['request']>
export type Reply<K extends OperationName> = v.InferOutput<Operations[K]['reply']>
