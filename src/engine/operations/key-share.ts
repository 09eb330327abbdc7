import type { KeyRecord } from '../../model/records.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { shareKey, unshareKey } from '../../policy/key-sharing.ts'
import { targets } from '../facts.ts'
import { change, type Handler } from '../pipelines.ts'
import { select } from '../selection.ts'

const sharing = <K extends 'key.share' | 'key.unshare'>(operation: K, rule: typeof shareKey): Handler<K> =>
  change<K, undefined, KeyRecord>(operation, {
    decide({ view, call }, { filter, usernames, role }) {
      const selected = exactlyOne(select(view, call, filter))
      if (!selected.allow) return selected
      return rule(call.actor, selected.result, role, targets(view, usernames))
    },
    subjects: ({ usernames }) => usernames.map((username) => `user/${username}`),
    reply: () => ({}),
  })

export const keyShare = sharing('key.share', shareKey)
export const keyUnshare = sharing('key.unshare', unshareKey)
