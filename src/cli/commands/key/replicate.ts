import { crossing } from '../../spec.ts'
import { oneKey } from '../options.ts'

export const replicateKey = crossing({
  options: {
    filter: {
      ...oneKey('replicating'),
      help: 'Key reference (e.g. key-reference=0xabc) or space separated list of key attributes in the form of attr.KEY_ATTRIBUTE_NAME=KEY_ATTRIBUTE_VALUE to select matching key on the source cluster',
    },
  },
  async cross({ filter }, { source, destination }) {
    const { challenge } = await destination('replica.challenge', {})
    const { parcel } = await source('key.export-replica', { filter, challenge })
    const { key } = await destination('key.import-replica', { challenge, parcel })
    return { key, message: 'Successfully replicated key' }
  },
})
