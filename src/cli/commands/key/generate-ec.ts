import type { CurveName } from '../../../contract/algorithms.ts'
import { action } from '../../spec.ts'
import { keyPairOptions, keyPairRequest } from './new-key.ts'

export const generateEc = action({
  options: {
    ...keyPairOptions,
    curve: {
      value: 'CURVE',
      required: true,
      help: 'The elliptic curve of the key pair',
      choices: {
        prime256v1: '',
        secp256r1: '',
        secp224r1: '',
        secp384r1: '',
        secp256k1: '',
        secp521r1: '',
        ed25519: '',
      } satisfies Record<CurveName, ''>,
    },
  },
  run: (args, { call }) =>
    call('key.generate-pair', { 'key-type': 'ec', curve: args.curve, ...keyPairRequest(args) }),
})
