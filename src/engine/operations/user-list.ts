import { recordKey, type UserRecord } from '../../model/records.ts'
import { allow } from '../../policy/decision.ts'
import { isLocked } from '../../policy/login.ts'
import { read } from '../pipelines.ts'

/** In the order of creation, the appliance user last. */
export const userList = read<'user.list'>(({ parts, view }) => {
  const appliance = view.users().filter(isAppliance)
  const people = view.users().filter((user) => !isAppliance(user))
  const covers = parts.cluster.coverage()
  return allow({ users: [...people, ...appliance].map((user) => shown(user, covers(recordKey(user)))) })
})

const isAppliance = (user: UserRecord): boolean => user.role === 'internal(APPLIANCE_USER)'

const shown = (user: UserRecord, covered: boolean) => ({
  username: user.username,
  role: user.role,
  locked: String(isLocked(user)),
  mfa: [],
  quorum: [],
  'cluster-coverage': covered ? 'full' : 'inconsistent',
})
