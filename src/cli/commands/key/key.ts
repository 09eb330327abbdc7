/** The commands of `key`. */
import { parseAttributeValue } from '../../../contract/attributes.ts'
import { command, type Group, type Rows, replication } from '../../spec.ts'
import { oneKey } from '../options.ts'
import { DELETE, SHARE, UNSHARE } from './changes.ts'
import { DESCRIBE } from './describe.ts'
import { GENERATE_FILE } from './generate-file.ts'
import { LIST } from './list.ts'

const SET_ATTRIBUTE = command({
  name: 'set-attribute',
  about: 'Set an attribute of a key in the HSM cluster',
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
      mayBeEmpty: true,
      help: 'The value to set; for a template, space separated attributes in the form of NAME=VALUE, or none',
    },
  },
  operation: 'key.set-attribute',
  request: ({ filter, name, value }) => ({
    filter,
    attributes: { [name]: parseAttributeValue(name, value) },
  }),
  output: () => ({ message: 'Attribute set successfully' }),
})

const REPLICATE = replication({
  name: 'replicate',
  about: 'Replicate a key from a source to a destination cluster',
  options: {
    filter: {
      ...oneKey('replicating'),
      help: 'Key reference (e.g. key-reference=0xabc) or space separated list of key attributes in the form of attr.KEY_ATTRIBUTE_NAME=KEY_ATTRIBUTE_VALUE to select matching key on the source cluster',
    },
  },
  async replicate({ filter }, { source, destination }) {
    const { challenge } = await destination('replica.challenge', {})
    const { parcel } = await source('key.export-replica', { filter, challenge })
    const { key } = await destination('key.import-replica', { challenge, parcel })
    return { key, message: 'Successfully replicated key' }
  },
})

const GENERATE_PAIR: Group = {
  name: 'generate-asymmetric-pair',
  about: 'Generate an asymmetric key pair in the HSM cluster',
  commands: async () => (await import('./new-keys.ts')).GENERATE_PAIR,
}

const GENERATE_SYMMETRIC: Group = {
  name: 'generate-symmetric',
  about: 'Generate a symmetric key in the HSM cluster',
  commands: async () => (await import('./new-keys.ts')).GENERATE_SYMMETRIC,
}

const IMPORT: Group = {
  name: 'import',
  about: 'Import a key into the HSM cluster',
  commands: async () => (await import('./new-keys.ts')).IMPORT,
}

const UNWRAP: Group = {
  name: 'unwrap',
  about: 'Unwrap a key with a key in the HSM cluster',
  commands: async () => (await import('./wrapping.ts')).UNWRAP,
}

const WRAP: Group = {
  name: 'wrap',
  about: 'Wrap a key: encrypt it with another key in the HSM cluster',
  commands: async () => (await import('./wrapping.ts')).WRAP,
}

/** In the order of the help. */
export const KEY: Rows = [
  DELETE,
  DESCRIBE,
  GENERATE_FILE,
  GENERATE_PAIR,
  GENERATE_SYMMETRIC,
  IMPORT,
  LIST,
  REPLICATE,
  SET_ATTRIBUTE,
  SHARE,
  UNSHARE,
  UNWRAP,
  WRAP,
]
