import { pssOptions, verify, verifyOptions } from '../../signing.ts'
import { action } from '../../spec.ts'

export const verifyRsaPkcsPss = action({
  options: { ...verifyOptions, ...pssOptions },
  run: (args, context) =>
    verify(args, context, (hash, input) => {
      const { mgf, 'salt-length': saltLength } = args
      return { name: 'rsa-pkcs-pss', hash, input, mgf, 'salt-length': saltLength }
    }),
})
