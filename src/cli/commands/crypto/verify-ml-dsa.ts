import { action } from '../../spec.ts'
import { mlDsaMessage, mlDsaOptions, signature, verificationKey, verify } from './signatures.ts'

export const verifyMlDsa = action({
  options: { ...verificationKey, ...mlDsaOptions, ...signature },
  run: (args, context) => verify(args, context, () => mlDsaMessage(args)),
})
