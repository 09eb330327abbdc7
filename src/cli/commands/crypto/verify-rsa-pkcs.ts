import { verify, verifyOptions } from '../../signing.ts'
import { action } from '../../spec.ts'

export const verifyRsaPkcs = action({
  options: verifyOptions,
  run: (args, context) => verify(args, context, (hash, input) => ({ name: 'rsa-pkcs', hash, input })),
})
