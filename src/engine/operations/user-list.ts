import { recordKey, type UserRecord } from '../../model/records.ts'
import { allow } from '../../policy/decision.ts'
import { read } from '../pipelines.ts'
import { userInfo } from '../user-info.ts'

/** In the order of creation, the appliance user last. */
export const userList = read<'user.list'>(({ parts, view }) => {
  const appliance = view.users().filter(isAppliance)
  const people = view.users().filter((user) => !isAppliance(user))
  const covers = parts.cluster.coverage()
  return allow({ users: [...people, ...appliance].map((user) => userInfo(user, covers(recordKey(user)))) })
})

const isAppliance = (user: UserRecord): boolean => user.role === 'internal(APPLIANCE_USER)'
