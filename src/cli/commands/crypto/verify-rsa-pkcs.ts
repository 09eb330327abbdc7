import { action } from '../../spec.ts'
import { hashed, hashing, signature, verificationKey, verify } from './signatures.ts'

export const verifyRsaPkcs = action({
  options: { ...verificationKey, ...hashing, ...signature },
  run(args, context) {
    const hash = args['hash-function']
    return verify(args, context, () => hashed(args, (input) => ({ name: 'rsa-pkcs', hash, input })))
  },
})
