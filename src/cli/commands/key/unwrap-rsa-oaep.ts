import { action } from '../../spec.ts'
import { oaepOptions } from '../cipher-options.ts'
import { oaep, unwrap, unwrapOptions } from './wrapping.ts'

export const unwrapRsaOaep = action({
  options: { ...unwrapOptions, ...oaepOptions },
  run: async (args, context) => unwrap(args, context, { name: 'rsa-oaep', ...oaep(args) }),
})
