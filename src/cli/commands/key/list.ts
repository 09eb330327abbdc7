import { anyKeys } from '../../options.ts'
import { action } from '../../spec.ts'

export const listKeys = action({
  options: {
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
  },
  run: (args, { call }) =>
    call('key.list', {
      filter: args.filter ?? [],
      'max-items': args['max-items'],
      'starting-token': args['starting-token'],
      verbose: args.verbose,
    }),
})
