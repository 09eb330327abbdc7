import { sign, signOptions } from '../../signing.ts'
import { action } from '../../spec.ts'

export const signRsaPkcs = action({
  options: signOptions,
  run: (args, context) => sign(args, context, (hash, input) => ({ name: 'rsa-pkcs', hash, input })),
})
