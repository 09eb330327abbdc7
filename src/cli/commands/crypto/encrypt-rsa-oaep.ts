import { encrypt, encryption, oaep, oaepOptions } from '../../ciphers.ts'
import { action } from '../../spec.ts'

export const encryptRsaOaep = action({
  options: { ...encryption, ...oaepOptions },
  run: (args, context) => encrypt(args, context, oaep(args)),
})
