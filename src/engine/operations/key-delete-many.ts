import { deleteKey } from '../../policy/key-deletion.ts'
import { changeSeveral } from '../several-keys.ts'

export const keyDeleteMany = changeSeveral('key.delete-many', {
  loggedAs: 'key.delete',
  each: ({ call }, key) => deleteKey(call.actor, key),
})
