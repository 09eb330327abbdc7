import { encrypt, encryption, gcm, gcmOptions } from '../../ciphers.ts'
import { action } from '../../spec.ts'

export const encryptAesGcm = action({
  options: { ...encryption, ...gcmOptions },
  run: async (args, context) => encrypt(args, context, gcm(args)),
})
