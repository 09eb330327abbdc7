import { action } from '../../spec.ts'
import { encrypt, encryption, gcm, gcmOptions } from './ciphers.ts'

export const encryptAesGcm = action({
  options: { ...encryption, ...gcmOptions },
  run: async (args, context) => encrypt(args, context, gcm(args)),
})
