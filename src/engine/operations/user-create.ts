import type { UserRecord } from '../../model/records.ts'
import { capacityOf } from '../../policy/capacity.ts'
import { createUser } from '../../policy/users.ts'
import { clusterOf } from '../cluster-state.ts'
import { newUserId } from '../founding.ts'
import { change } from '../pipelines.ts'

export const userCreate = change<'user.create', { id: string; hash: string }, UserRecord>('user.create', {
  prepare: async ({ passwords, random }, _call, { password }) => ({
    id: newUserId(random),
    hash: await passwords.hash(password),
  }),
  decide({ view }, { username, role }, { id, hash }) {
    const has = { namesake: view.userByName(username), users: view.users() }
    return createUser({ id, username, role, password: hash }, has, capacityOf(clusterOf(view)))
  },
  subjects: ({ username }) => [`user/${username}`],
  reply: (_parts, _call, { username, role }) => ({ username, role }),
})
