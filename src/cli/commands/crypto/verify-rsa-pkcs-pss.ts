import { action } from '../../spec.ts'
import {
  hashed,
  hashing,
  pssMechanism,
  pssOptions,
  signature,
  verificationKey,
  verify,
} from './signatures.ts'

export const verifyRsaPkcsPss = action({
  options: { ...verificationKey, ...hashing, ...signature, ...pssOptions },
  run: (args, context) => verify(args, context, () => hashed(args, pssMechanism(args))),
})
