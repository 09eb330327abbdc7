import { oneKey, role, username } from '../../options.ts'
import { action } from '../../spec.ts'

export const unshareKey = action({
  options: {
    filter: oneKey('unsharing'),
    username: username('A username with which the key will be unshared'),
    role,
  },
  async run({ filter, username, role }, { call }) {
    await call('key.unshare', { filter, usernames: [username], role })
    return { message: 'Key unshared successfully' }
  },
})
