import { action } from '../../spec.ts'
import { ecdsaFormat, hashed, hashing, sign, signatureFile, signingKey } from './signatures.ts'

export const signEcdsa = action({
  options: { ...signingKey, ...hashing, ...signatureFile, ...ecdsaFormat },
  async run(args, context) {
    const hash = args['hash-function']
    return sign(args, context, await hashed(args, (input) => ({ name: 'ecdsa', hash, input })))
  },
})
