import { hashed, hashing, pssMechanism, pssOptions, sign, signatureFile, signingKey } from '../../signing.ts'
import { action } from '../../spec.ts'

export const signRsaPkcsPss = action({
  options: { ...signingKey, ...hashing, ...pssOptions, ...signatureFile },
  run: async (args, context) => sign(args, context, await hashed(args, pssMechanism(args))),
})
