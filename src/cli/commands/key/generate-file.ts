import { writeWhole } from '../../files.ts'
import { oneKey } from '../../options.ts'
import { action } from '../../spec.ts'

export const generateFile = action({
  options: {
    encoding: {
      value: 'ENCODING',
      required: true,
      help: 'The encoding of the key file',
      choices: { pem: 'PEM file of a public key (SubjectPublicKeyInfo)' },
    },
    path: { value: 'PATH', required: true, help: 'The file to write; one that exists is replaced' },
    filter: oneKey('the key file'),
  },
  async run({ path, filter }, { call }) {
    const { pem } = await call('key.export-public', { filter })
    await writeWhole('--path', path, pem)
    return { message: 'Successfully generated key file' }
  },
})
