import { action } from '../../spec.ts'
import { oaepOptions } from '../cipher-options.ts'
import { oaep, wrap, wrapOptions } from './wrapping.ts'

export const wrapRsaOaep = action({
  options: { ...wrapOptions, ...oaepOptions },
  run: async (args, context) => wrap(args, context, { name: 'rsa-oaep', ...oaep(args) }),
})
