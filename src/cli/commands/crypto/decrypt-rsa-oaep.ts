import { action } from '../../spec.ts'
import { oaepOptions } from '../cipher-options.ts'
import { decrypt, decryption, oaep } from './ciphers.ts'

export const decryptRsaOaep = action({
  options: { ...decryption, ...oaepOptions },
  run: (args, context) => decrypt(args, context, oaep(args)),
})
