import {
  hashed,
  hashing,
  pssMechanism,
  pssOptions,
  signature,
  verificationKey,
  verify,
} from '../../signing.ts'
import { action } from '../../spec.ts'

export const verifyRsaPkcsPss = action({
  options: { ...verificationKey, ...hashing, ...signature, ...pssOptions },
  run: (args, context) => verify(args, context, () => hashed(args, pssMechanism(args))),
})
