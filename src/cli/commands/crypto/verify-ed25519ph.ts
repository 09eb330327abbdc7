import { action } from '../../spec.ts'
import { ed25519phMessage, ed25519phOptions, signature, verificationKey, verify } from './signatures.ts'

export const verifyEd25519ph = action({
  options: { ...verificationKey, ...ed25519phOptions, ...signature },
  run: (args, context) => verify(args, context, () => ed25519phMessage(args)),
})
