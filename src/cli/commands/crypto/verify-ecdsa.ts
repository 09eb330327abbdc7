import { action } from '../../spec.ts'
import { ecdsaFormat, hashed, hashing, signature, verificationKey, verify } from './signatures.ts'

export const verifyEcdsa = action({
  options: { ...verificationKey, ...hashing, ...signature, ...ecdsaFormat },
  run(args, context) {
    const hash = args['hash-function']
    return verify(args, context, () => hashed(args, (input) => ({ name: 'ecdsa', hash, input })))
  },
})
