/** What somebody may have mistyped: an operation that no entry has, and names that nobody and no key has. */
import { type AuditFilter, fits } from '../../audit/filter.ts'
import { AUDITED_OPERATIONS } from '../../contract/audited-operations.ts'
import { parseReference } from '../../contract/filter-terms.ts'
import { shown } from '../../contract/shown.ts'
import { didYouMean } from '../../contract/similar.ts'
import type { Cluster } from './journals.ts'

/** What is wrong with `--operation`, if something is. */
export function operationProblem({ operation }: AuditFilter): string | undefined {
  if (operation === undefined || AUDITED_OPERATIONS.some((known) => fits(operation, known))) return undefined
  const meant = didYouMean(operation, AUDITED_OPERATIONS)
  return `--operation must be one that entries have, such as key.share or key.*, and is ${shown(operation)}${meant}`
}

/** A line for each; empty when there are none. Entries of users and keys that are gone are found all the same. */
export async function unknownNames({ call }: Cluster, { user, key }: AuditFilter): Promise<string> {
  const notes: string[] = []
  if (user !== undefined) {
    const { users } = await call('user.list', {})
    if (!users.some(({ username }) => username === user)) notes.push(`user is called ${shown(user)}`)
  }
  if (key !== undefined && !(await isKey(call, key))) notes.push(`key is or is called ${shown(key)}`)
  return notes.map((note) => `strongroom: no ${note}, and no entry was found\n`).join('')
}

async function isKey(call: Cluster['call'], key: string): Promise<boolean> {
  const reference = parseReference(key)
  const terms = [`attr.label=${key}`, ...(reference === undefined ? [] : [`key-reference=${reference}`])]
  const counts = await Promise.all(terms.map((term) => countOf(call, term)))
  return counts.some((count) => count > 0)
}

/** No key has what cannot be a label. */
const countOf = (call: Cluster['call'], term: string): Promise<number> =>
  call('key.list', { filter: [term], 'max-items': 1 }).then(
    ({ total_key_count: count }) => count,
    () => 0,
  )
