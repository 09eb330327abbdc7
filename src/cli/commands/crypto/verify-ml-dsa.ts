import { mlDsaMessage, mlDsaOptions, signature, verificationKey, verify } from '../../signing.ts'
import { action } from '../../spec.ts'

export const verifyMlDsa = action({
  options: { ...verificationKey, ...mlDsaOptions, ...signature },
  run: (args, context) => verify(args, context, () => mlDsaMessage(args)),
})
