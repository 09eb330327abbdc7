/** `key describe`: what the HSM says of a key, and the rights once more in words. */
import type { KeyRights } from '../../../contract/key-rights.ts'
import { command } from '../../spec.ts'
import { oneKey } from '../options.ts'

export const DESCRIBE = command({
  name: 'describe',
  about: 'Show a key of the HSM cluster, who can do what with it, and why',
  extension: true,
  options: { filter: oneKey('description') },
  operation: 'key.describe',
  request: ({ filter }) => ({ filter }),
  output: ({ key, rights }) => ({ key, summary: rights.map(inWords), rights }),
})

const WHO: Readonly<Record<KeyRights['who'], (usernames: string) => string>> = {
  owner: (username) => `${username}, who owns it,`,
  'shared-users': (usernames) => `${usernames}, with whom it is shared,`,
  'other-crypto-users': () => 'Other crypto users',
  admins: () => 'Admins',
}

/** The rights name everyone. */
const NAMED = 3

function inWords({ who, usernames, allowed }: KeyRights): string {
  const others = usernames.length - NAMED
  const named = others > 0 ? [...usernames.slice(0, NAMED), `${others} more`] : usernames
  const operations = allowed.map(({ operation }) => operation)
  return `${WHO[who](listed(named))} can ${operations.length === 0 ? 'do nothing with it' : listed(operations)}`
}

function listed(words: readonly string[]): string {
  const before = words.slice(0, -1)
  return before.length === 0 ? words.join() : `${before.join(', ')} and ${words.at(-1)}`
}
