import { action } from '../../spec.ts'
import { unwrap, unwrapOptions } from './wrapping.ts'

export const unwrapAesPkcs5Pad = action({
  options: unwrapOptions,
  run: (args, context) => unwrap(args, context, { name: 'aes-pkcs5-pad' }),
})
