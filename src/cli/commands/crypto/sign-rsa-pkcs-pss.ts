import { action } from '../../spec.ts'
import { hashed, hashing, pssMechanism, pssOptions, sign, signatureFile, signingKey } from './signatures.ts'

export const signRsaPkcsPss = action({
  options: { ...signingKey, ...hashing, ...pssOptions, ...signatureFile },
  run: async (args, context) => sign(args, context, await hashed(args, pssMechanism(args))),
})
