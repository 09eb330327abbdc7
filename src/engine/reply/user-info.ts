import type { Reply } from '../../contract/operations.ts'
import type { UserRecord } from '../../model/records.ts'
import { isLocked } from '../../policy/login.ts'

/** A user as everybody is shown it. @param covered whether every HSM has the record as this one does */
export const userInfo = (user: UserRecord, covered: boolean): Reply<'user.list'>['users'][number] => ({
  username: user.username,
  role: user.role,
  locked: String(isLocked(user)),
  mfa: [],
  quorum: [],
  'cluster-coverage': covered ? 'full' : 'inconsistent',
})
