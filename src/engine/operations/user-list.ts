import type { UserRecord } from '../../model/records.ts'
import { allow } from '../../policy/decision.ts'
import { isLocked } from '../../policy/login.ts'
import { read } from '../pipelines.ts'

/** In the order of creation, the appliance user last. */
export const userList = read<'user.list'>(({ view }) => {
  const appliance = view.users().filter(isAppliance)
  const people = view.users().filter((user) => !isAppliance(user))
  return allow({ users: [...people, ...appliance].map(shown) })
})

const isAppliance = (user: UserRecord): boolean => user.role === 'internal(APPLIANCE_USER)'

const shown = (user: UserRecord) => ({
  username: user.username,
  role: user.role,
  locked: String(isLocked(user)),
  mfa: [],
  quorum: [],
  'cluster-coverage': 'full',
})
