import { mayName, shareKey, unshareKey } from '../../policy/key-sharing.ts'
import { targets } from '../facts.ts'
import type { Handler } from '../pipelines.ts'
import { changeSeveral } from '../several-keys.ts'

const sharing = <K extends 'key.share-many' | 'key.unshare-many'>(
  operation: K,
  loggedAs: 'key.share' | 'key.unshare',
  rule: typeof shareKey,
): Handler<K> =>
  changeSeveral<K>(operation, {
    loggedAs,
    all: ({ view }, { usernames, role }) => mayName(role, targets(view, usernames)),
    each: ({ view, call }, key, { usernames, role }) => rule(call.actor, key, role, targets(view, usernames)),
    subjects: ({ usernames }) => usernames.map((username) => `user/${username}`),
  })

export const keyShareMany = sharing('key.share-many', 'key.share', shareKey)
export const keyUnshareMany = sharing('key.unshare-many', 'key.unshare', unshareKey)
