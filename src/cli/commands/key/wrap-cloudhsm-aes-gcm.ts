import { action } from '../../spec.ts'
import { gcm, gcmOptions, wrap, wrapOptions } from './wrapping.ts'

export const wrapCloudHsmAesGcm = action({
  options: { ...wrapOptions, ...gcmOptions },
  run: async (args, context) => wrap(args, context, { name: 'cloudhsm-aes-gcm', ...gcm(args) }),
})
