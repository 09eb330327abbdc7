import { action } from '../../spec.ts'
import { unwrap, unwrapOptions } from './wrapping.ts'

export const unwrapRsaPkcs = action({
  options: unwrapOptions,
  run: (args, context) => unwrap(args, context, { name: 'rsa-pkcs' }),
})
