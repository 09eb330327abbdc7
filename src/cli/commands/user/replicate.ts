import { crossing } from '../../spec.ts'
import { role, username } from '../options.ts'

export const replicateUser = crossing({
  options: { username: username('Specify the username of the user to replicate'), role },
  async cross({ username, role }, { source, destination }) {
    const { challenge } = await destination('replica.challenge', {})
    const { parcel } = await source('user.export-replica', { username, role, challenge })
    const { user } = await destination('user.import-replica', { challenge, parcel })
    return { user, message: 'Successfully replicated user' }
  },
})
