import { mlDsaMessage, mlDsaOptions, sign, signatureFile, signingKey } from '../../signing.ts'
import { action } from '../../spec.ts'

export const signMlDsa = action({
  options: { ...signingKey, ...mlDsaOptions, ...signatureFile },
  run: async (args, context) => sign(args, context, await mlDsaMessage(args)),
})
