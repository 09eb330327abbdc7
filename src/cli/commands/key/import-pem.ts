import { parseNewAttributes } from '../../../contract/attributes.ts'
import { action } from '../../spec.ts'
import { readSmall } from '../files.ts'
import { newKeyOptions } from './new-key.ts'
import { PEM_BYTES, type PublicClass, readPublicPem } from './public-pem.ts'

export const importPem = action({
  options: {
    path: { value: 'PATH', required: true, help: 'Path of the PEM file with the public key' },
    label: newKeyOptions.label,
    'key-type-class': {
      value: 'KEY_TYPE_CLASS',
      required: true,
      help: 'The type and class of the key',
      choices: { 'ec-public': '', 'rsa-public': '' } satisfies Record<PublicClass, ''>,
    },
    attributes: newKeyOptions.attributes,
  },
  async run({ path, label, 'key-type-class': name, attributes }, { call }) {
    const spki = readPublicPem(await readSmall('--path', path, PEM_BYTES), name, path)
    const { key } = await call('key.import', {
      'key-type-class': name,
      material: spki.toString('base64'),
      label,
      attributes: parseNewAttributes(attributes ?? []),
    })
    return { key, message: 'Successfully imported key' }
  },
})
