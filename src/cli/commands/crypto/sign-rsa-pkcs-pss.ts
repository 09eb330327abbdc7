import { pssOptions, sign, signOptions } from '../../signing.ts'
import { action } from '../../spec.ts'

export const signRsaPkcsPss = action({
  options: { ...signOptions, ...pssOptions },
  run: (args, context) =>
    sign(args, context, (hash, input) => {
      const { mgf, 'salt-length': saltLength } = args
      return { name: 'rsa-pkcs-pss', hash, input, mgf, 'salt-length': saltLength }
    }),
})
