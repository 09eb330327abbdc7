import { action } from '../../spec.ts'
import { gcmIv } from '../cipher-options.ts'
import { decrypt, decryption, gcm, gcmOptions } from './ciphers.ts'

export const decryptAesGcm = action({
  options: { ...decryption, iv: gcmIv('encrypt'), ...gcmOptions },
  run: async (args, context) => decrypt(args, context, gcm(args, args.iv)),
})
