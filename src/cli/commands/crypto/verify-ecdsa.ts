import { verify, verifyOptions } from '../../signing.ts'
import { action } from '../../spec.ts'

export const verifyEcdsa = action({
  options: verifyOptions,
  run: (args, context) => verify(args, context, (hash, input) => ({ name: 'ecdsa', hash, input })),
})
