/** `key list`: a page, all pages, or how many keys there are. */
import { action, type Context, type Options } from '../../spec.ts'
import { anyKeys, moreCriteria } from '../options.ts'
import { keyPages, listing } from './pages.ts'

const options = {
  filter: anyKeys,
  'max-items': {
    value: 'MAX_ITEMS',
    count: true,
    fallback: '10',
    help: 'The most keys to list at once. If there are more, the output has a next_token, which as starting token of the next command continues the list',
  },
  'starting-token': {
    value: 'STARTING_TOKEN',
    help: 'Where to continue a list: the next_token of the output before',
  },
  verbose: {
    short: 'v',
    help: 'List all attributes and all information of each key. By default only its reference and label are listed',
  },
  all: {
    extension: true,
    conflicts: ['max-items', 'starting-token', 'count'],
    help: 'List all keys at once',
  },
  count: {
    extension: true,
    conflicts: ['max-items', 'starting-token', 'verbose'],
    help: 'Print only how many keys there are',
  },
  ...moreCriteria({}),
} as const satisfies Options

export const LIST = action({
  name: 'list',
  about: 'List the keys you own, the keys shared with you, and the public keys of the HSM cluster',
  options,
  async run(args, context) {
    const { filter = [], 'label-glob': glob, owner, 'shared-with': sharedWith, verbose } = args
    const request = { filter, 'label-glob': glob, owner, 'shared-with': sharedWith, verbose }
    if (args.all) return listing(withProgress(keyPages(context, request), context))
    const page = await context.call('key.list', {
      ...request,
      'max-items': args.count ? 1 : args['max-items'],
      'starting-token': args['starting-token'],
    })
    return args.count ? { total_key_count: page.total_key_count } : page
  },
})

async function* withProgress(pages: ReturnType<typeof keyPages>, { progress }: Context) {
  const listed = progress(true)
  let count = 0
  try {
    for await (const { keys, total } of pages) {
      count += keys.length
      listed.show(count, total)
      yield keys
    }
    listed.end(`${count} keys listed`)
  } finally {
    listed.end()
  }
}
