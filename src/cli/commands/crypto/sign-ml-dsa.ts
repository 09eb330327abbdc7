import { action } from '../../spec.ts'
import { mlDsaMessage, mlDsaOptions, sign, signatureFile, signingKey } from './signatures.ts'

export const signMlDsa = action({
  options: { ...signingKey, ...mlDsaOptions, ...signatureFile },
  run: async (args, context) => sign(args, context, await mlDsaMessage(args)),
})
