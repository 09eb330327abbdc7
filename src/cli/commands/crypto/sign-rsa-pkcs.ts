import { action } from '../../spec.ts'
import { hashed, hashing, sign, signatureFile, signingKey } from './signatures.ts'

export const signRsaPkcs = action({
  options: { ...signingKey, ...hashing, ...signatureFile },
  async run(args, context) {
    const hash = args['hash-function']
    return sign(args, context, await hashed(args, (input) => ({ name: 'rsa-pkcs', hash, input })))
  },
})
