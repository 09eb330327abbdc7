import type { UserRecord } from '../../model/records.ts'
import { createUser } from '../../policy/users.ts'
import { newUserId } from '../founding.ts'
import { change } from '../pipelines.ts'

export const userCreate = change<'user.create', { id: string; hash: string }, UserRecord>('user.create', {
  prepare: async ({ passwords, random }, _call, { password }) => ({
    id: newUserId(random),
    hash: await passwords.hash(password),
  }),
  decide({ parts, view }, { username, role }, { id, hash }) {
    const has = { namesake: view.userByName(username), users: view.users() }
    return createUser({ id, username, role, password: hash }, has, parts.capacity)
  },
  subjects: ({ username }) => [`user/${username}`],
  reply: (_parts, _call, { username, role }) => ({ username, role }),
})
