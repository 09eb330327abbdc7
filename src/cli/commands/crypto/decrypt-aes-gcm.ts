import { decrypt, decryption, gcm, gcmIv, gcmOptions } from '../../ciphers.ts'
import { action } from '../../spec.ts'

export const decryptAesGcm = action({
  options: { ...decryption, ...gcmIv, ...gcmOptions },
  run: async (args, context) => decrypt(args, context, gcm(args, args.iv)),
})
