import { sign, signOptions } from '../../signing.ts'
import { action } from '../../spec.ts'

export const signEcdsa = action({
  options: signOptions,
  run: (args, context) => sign(args, context, (hash, input) => ({ name: 'ecdsa', hash, input })),
})
