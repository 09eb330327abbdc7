import { action } from '../../spec.ts'
import { keyPairOptions, keyPairRequest } from './new-key.ts'

export const generateRsa = action({
  options: {
    ...keyPairOptions,
    'modulus-size-bits': {
      value: 'MODULUS_SIZE_BITS',
      count: true,
      required: true,
      help: 'The size of the modulus in bits',
    },
    'public-exponent': {
      value: 'PUBLIC_EXPONENT',
      count: true,
      required: true,
      help: 'The public exponent, such as 65537',
    },
  },
  run: (args, { call }) =>
    call('key.generate-pair', {
      'key-type': 'rsa',
      'modulus-size-bits': args['modulus-size-bits'],
      'public-exponent': args['public-exponent'],
      ...keyPairRequest(args),
    }),
})
