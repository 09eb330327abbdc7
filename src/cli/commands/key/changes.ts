/** `key delete`, `key share` and `key unshare`: of one key, or of all that match. */
import { action } from '../../spec.ts'
import { role, someKeys, username } from '../options.ts'
import { allMatchingOptions, forAllMatching, someFailed } from './all-matching.ts'

export const DELETE = action({
  name: 'delete',
  about: 'Delete a key from the HSM cluster',
  options: { filter: someKeys('deletion'), ...allMatchingOptions },
  failed: someFailed,
  async run(args, context) {
    const { filter = [] } = args
    if (args['all-matching']) {
      const verb = { infinitive: 'delete', participle: 'deleted' }
      return forAllMatching(args, context, verb, (keys) => context.call('key.delete-many', keys))
    }
    await context.call('key.delete', { filter })
    return { message: 'Key deleted successfully' }
  },
})

export const SHARE = action({
  name: 'share',
  about: 'Share a key in the HSM cluster with another user',
  options: {
    filter: someKeys('sharing'),
    username: username('A username with which the key will be shared'),
    role,
    ...allMatchingOptions,
  },
  failed: someFailed,
  async run(args, context) {
    const { filter = [], username, role } = args
    const holders = { usernames: [username], role }
    if (args['all-matching']) {
      const verb = { infinitive: 'share', participle: 'shared', already: 'already-shared' } as const
      return forAllMatching(args, context, verb, (keys) =>
        context.call('key.share-many', { ...keys, ...holders }),
      )
    }
    await context.call('key.share', { filter, ...holders })
    return { message: 'Key shared successfully' }
  },
})

export const UNSHARE = action({
  name: 'unshare',
  about: 'Unshare a key in the HSM cluster with another user',
  options: {
    filter: someKeys('unsharing'),
    username: username('A username with which the key will be unshared'),
    role,
    ...allMatchingOptions,
  },
  plainPage: true,
  failed: someFailed,
  async run(args, context) {
    const { filter = [], username, role } = args
    const holders = { usernames: [username], role }
    if (args['all-matching']) {
      const verb = { infinitive: 'unshare', participle: 'unshared', already: 'not-shared' } as const
      return forAllMatching(args, context, verb, (keys) =>
        context.call('key.unshare-many', { ...keys, ...holders }),
      )
    }
    await context.call('key.unshare', { filter, ...holders })
    return { message: 'Key unshared successfully' }
  },
})
