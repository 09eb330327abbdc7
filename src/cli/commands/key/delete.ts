import { action } from '../../spec.ts'
import { someKeys } from '../options.ts'
import { bulkOptions, doToAll, someFailed } from './all-matching.ts'

export const deleteKey = action({
  options: { filter: someKeys('deletion'), ...bulkOptions },
  failed: someFailed,
  async run(args, context) {
    const { filter = [] } = args
    if (args['all-matching']) {
      return doToAll(args, context, VERB, (keys) => context.call('key.delete-many', keys))
    }
    await context.call('key.delete', { filter })
    return { message: 'Key deleted successfully' }
  },
})

const VERB = { infinitive: 'delete', participle: 'deleted' } as const
