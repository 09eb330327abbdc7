import type { MlDsaAlgorithm } from '../../../contract/algorithms.ts'
import { action } from '../../spec.ts'
import { keyPairOptions, keyPairRequest } from './new-key.ts'

export const generateMlDsa = action({
  options: {
    ...keyPairOptions,
    'mldsa-algorithm': {
      value: 'MLDSA_ALGORITHM',
      required: true,
      help: 'The parameter set of the key pair',
      choices: { 'ML-DSA-44': '', 'ML-DSA-65': '', 'ML-DSA-87': '' } satisfies Record<MlDsaAlgorithm, ''>,
    },
  },
  run: (args, { call }) =>
    call('key.generate-pair', {
      'key-type': 'ml-dsa',
      'mldsa-algorithm': args['mldsa-algorithm'],
      ...keyPairRequest(args),
    }),
})
