import { LIMITS } from '../../../contract/limits.ts'
import { action } from '../../spec.ts'
import { dataOptions, sentWhole } from '../data.ts'
import { sign, signatureFile, signingKey } from './signatures.ts'

export const signEd25519 = action({
  options: { ...signingKey, ...dataOptions, ...signatureFile },
  run: async (args, context) =>
    sign(args, context, await sentWhole(args, { name: 'ed25519' }, LIMITS.ed25519Bytes)),
})
