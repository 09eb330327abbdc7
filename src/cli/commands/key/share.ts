import { oneKey, role, username } from '../../options.ts'
import { action } from '../../spec.ts'

export const shareKey = action({
  options: {
    filter: oneKey('sharing'),
    username: username('A username with which the key will be shared'),
    role,
  },
  async run({ filter, username, role }, { call }) {
    await call('key.share', { filter, usernames: [username], role })
    return { message: 'Key shared successfully' }
  },
})
