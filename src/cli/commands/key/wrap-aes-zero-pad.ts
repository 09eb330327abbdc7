import { action } from '../../spec.ts'
import { wrap, wrapOptions } from './wrapping.ts'

export const wrapAesZeroPad = action({
  options: wrapOptions,
  run: (args, context) => wrap(args, context, { name: 'aes-zero-pad' }),
})
