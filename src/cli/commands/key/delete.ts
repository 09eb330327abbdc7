import { oneKey } from '../../options.ts'
import { action } from '../../spec.ts'

export const deleteKey = action({
  options: { filter: oneKey('deletion') },
  async run({ filter }, { call }) {
    await call('key.delete', { filter })
    return { message: 'Key deleted successfully' }
  },
})
