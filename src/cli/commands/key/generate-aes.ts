import { HsmError } from '../../../contract/errors.ts'
import { action } from '../../spec.ts'
import { newKeyRequest, secretKeyOptions } from './new-key.ts'

const LENGTHS = [16, 24, 32] as const

export const generateAes = action({
  options: secretKeyOptions,
  async run(args, { call }) {
    const length = LENGTHS.find((bytes) => bytes === args['key-length-bytes'])
    if (length === undefined) throw new HsmError('invalid-request', 'key-length-bytes must be 16, 24 or 32')
    return call('key.generate-symmetric', {
      'key-type': 'aes',
      'key-length-bytes': length,
      ...newKeyRequest(args),
    })
  },
})
