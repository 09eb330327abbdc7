import { LIMITS } from '../../../contract/limits.ts'
import { action } from '../../spec.ts'
import { dataOptions, sentWhole } from '../data.ts'
import { signature, verificationKey, verify } from './signatures.ts'

export const verifyEd25519 = action({
  options: { ...verificationKey, ...dataOptions, ...signature },
  run: (args, context) =>
    verify(args, context, () => sentWhole(args, { name: 'ed25519' }, LIMITS.ed25519Bytes)),
})
