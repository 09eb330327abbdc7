import { parseAttributeValue } from '../../../contract/attributes.ts'
import { action } from '../../spec.ts'
import { oneKey } from '../options.ts'

export const setAttribute = action({
  options: {
    filter: oneKey('modification'),
    name: {
      value: 'KEY_ATTRIBUTE',
      required: true,
      completes: 'attribute',
      help: 'The name of the attribute to set',
    },
    value: {
      value: 'KEY_ATTRIBUTE_VALUE',
      many: true,
      required: true,
      help: 'The value to set; for a template, space separated attributes in the form of NAME=VALUE, or none',
    },
  },
  async run({ filter, name, value }, { call }) {
    await call('key.set-attribute', { filter, attributes: { [name]: parseAttributeValue(name, value) } })
    return { message: 'Attribute set successfully' }
  },
})
