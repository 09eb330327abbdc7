import { action } from '../../spec.ts'
import { role, someKeys, username } from '../options.ts'
import { bulkOptions, doToAll, someFailed } from './all-matching.ts'

export const unshareKey = action({
  options: {
    filter: someKeys('unsharing'),
    username: username('A username with which the key will be unshared'),
    role,
    ...bulkOptions,
  },
  plainPage: true,
  failed: someFailed,
  async run(args, context) {
    const { filter = [], username, role } = args
    const holders = { usernames: [username], role }
    if (args['all-matching']) {
      return doToAll(args, context, VERB, (keys) => context.call('key.unshare-many', { ...keys, ...holders }))
    }
    await context.call('key.unshare', { filter, ...holders })
    return { message: 'Key unshared successfully' }
  },
})

const VERB = { infinitive: 'unshare', participle: 'unshared', already: 'not-shared' } as const
