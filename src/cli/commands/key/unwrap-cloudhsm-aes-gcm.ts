import { action } from '../../spec.ts'
import { gcm, gcmOptions, unwrap, unwrapOptions } from './wrapping.ts'

export const unwrapCloudHsmAesGcm = action({
  options: { ...unwrapOptions, ...gcmOptions },
  run: async (args, context) => unwrap(args, context, { name: 'cloudhsm-aes-gcm', ...gcm(args) }),
})
