import { action } from '../../spec.ts'
import { gcmIv } from '../cipher-options.ts'
import { gcm, gcmOptions, unwrap, unwrapOptions } from './wrapping.ts'

export const unwrapAesGcm = action({
  options: { ...unwrapOptions, ...gcmOptions, iv: gcmIv('key wrap') },
  run: async (args, context) => unwrap(args, context, { name: 'aes-gcm', ...gcm(args, args.iv) }),
})
