import { action } from '../../spec.ts'
import { wrap, wrapOptions } from './wrapping.ts'

export const wrapAesNoPad = action({
  options: wrapOptions,
  run: (args, context) => wrap(args, context, { name: 'aes-no-pad' }),
})
