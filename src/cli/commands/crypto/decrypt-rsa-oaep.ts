import { decrypt, decryption, oaep, oaepOptions } from '../../ciphers.ts'
import { action } from '../../spec.ts'

export const decryptRsaOaep = action({
  options: { ...decryption, ...oaepOptions },
  run: (args, context) => decrypt(args, context, oaep(args)),
})
