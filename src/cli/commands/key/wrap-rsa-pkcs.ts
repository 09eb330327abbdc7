import { action } from '../../spec.ts'
import { wrap, wrapOptions } from './wrapping.ts'

export const wrapRsaPkcs = action({
  options: wrapOptions,
  run: (args, context) => wrap(args, context, { name: 'rsa-pkcs' }),
})
