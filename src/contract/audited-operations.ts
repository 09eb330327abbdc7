/** What the journals call what was done: operations of the table, and what no request asks for by its name. */
import { OPERATIONS, type Operation } from './operations.ts'

/** What an HSM does of itself, or when something else happens: see docs/AUDIT.md. */
const OTHERS = [
  'audit.key-use-journal',
  'backup.restore',
  'cluster.raise-format',
  'session.close',
  'store.accept-rollback',
] as const
export type OtherAudited = (typeof OTHERS)[number]

/** Every name that an entry of this version can have. */
export const AUDITED_OPERATIONS: readonly string[] = [
  ...Object.entries<Operation>(OPERATIONS).flatMap(([name, { audit, auditedAs }]) =>
    audit === 'none' ? [] : [auditedAs ?? name],
  ),
  ...OTHERS,
]
