import { action } from '../../spec.ts'
import { role, someKeys, username } from '../options.ts'
import { bulkOptions, doToAll, someFailed } from './all-matching.ts'

export const shareKey = action({
  options: {
    filter: someKeys('sharing'),
    username: username('A username with which the key will be shared'),
    role,
    ...bulkOptions,
  },
  failed: someFailed,
  async run(args, context) {
    const { filter = [], username, role } = args
    const holders = { usernames: [username], role }
    if (args['all-matching']) {
      return doToAll(args, context, VERB, (keys) => context.call('key.share-many', { ...keys, ...holders }))
    }
    await context.call('key.share', { filter, ...holders })
    return { message: 'Key shared successfully' }
  },
})

const VERB = { infinitive: 'share', participle: 'shared', already: 'already-shared' } as const
