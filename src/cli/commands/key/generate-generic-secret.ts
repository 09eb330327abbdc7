import { action } from '../../spec.ts'
import { newKeyRequest, secretKeyOptions } from './new-key.ts'

export const generateGenericSecret = action({
  options: secretKeyOptions,
  run: (args, { call }) =>
    call('key.generate-symmetric', {
      'key-type': 'generic-secret',
      'key-length-bytes': args['key-length-bytes'],
      ...newKeyRequest(args),
    }),
})
