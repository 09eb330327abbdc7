import { action } from '../../spec.ts'
import { ed25519phMessage, ed25519phOptions, sign, signatureFile, signingKey } from './signatures.ts'

export const signEd25519ph = action({
  options: { ...signingKey, ...ed25519phOptions, ...signatureFile },
  run: async (args, context) => sign(args, context, await ed25519phMessage(args)),
})
