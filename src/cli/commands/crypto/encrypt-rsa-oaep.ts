import { action } from '../../spec.ts'
import { oaepOptions } from '../cipher-options.ts'
import { encrypt, encryption, oaep } from './ciphers.ts'

export const encryptRsaOaep = action({
  options: { ...encryption, ...oaepOptions },
  run: (args, context) => encrypt(args, context, oaep(args)),
})
