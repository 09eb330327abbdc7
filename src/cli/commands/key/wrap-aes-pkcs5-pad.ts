import { action } from '../../spec.ts'
import { wrap, wrapOptions } from './wrapping.ts'

export const wrapAesPkcs5Pad = action({
  options: wrapOptions,
  run: (args, context) => wrap(args, context, { name: 'aes-pkcs5-pad' }),
})
