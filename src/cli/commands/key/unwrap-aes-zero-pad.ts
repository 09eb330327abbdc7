import { action } from '../../spec.ts'
import { unwrap, unwrapOptions } from './wrapping.ts'

export const unwrapAesZeroPad = action({
  options: unwrapOptions,
  run: (args, context) => unwrap(args, context, { name: 'aes-zero-pad' }),
})
