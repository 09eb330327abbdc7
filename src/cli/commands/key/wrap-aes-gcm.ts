import { action } from '../../spec.ts'
import { gcm, gcmOptions, wrap, wrapOptions } from './wrapping.ts'

export const wrapAesGcm = action({
  options: { ...wrapOptions, ...gcmOptions },
  run: async (args, context) => wrap(args, context, { name: 'aes-gcm', ...gcm(args) }),
})
