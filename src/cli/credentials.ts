/** Who a one-shot command logs in as. */
import { HsmError } from '../contract/errors.ts'
import type { Role } from '../contract/users.ts'
import type { Credentials } from './seats.ts'

const ROLES = { admin: 'admin', 'crypto-user': 'crypto-user' } as const satisfies Record<Role, Role>

/**
 * @param role value of `CLOUDHSM_ROLE`
 * @param pin value of `CLOUDHSM_PIN`: `username:password`, a username having no colon
 * @throws HsmError naming the variable that is missing or wrong, never its value
 */
export function credentials(role: string | undefined, pin: string | undefined): Credentials {
  if (role === undefined && pin === undefined) {
    throw new HsmError('not-logged-in', 'Not logged in: set CLOUDHSM_ROLE and CLOUDHSM_PIN')
  }
  if (role === undefined) throw new HsmError('not-logged-in', 'CLOUDHSM_PIN is set but CLOUDHSM_ROLE is not')
  if (pin === undefined) throw new HsmError('not-logged-in', 'CLOUDHSM_ROLE is set but CLOUDHSM_PIN is not')
  if (!Object.hasOwn(ROLES, role)) {
    throw new HsmError('invalid-request', 'CLOUDHSM_ROLE must be crypto-user or admin')
  }
  const at = pin.indexOf(':')
  if (at < 0) throw new HsmError('invalid-request', 'CLOUDHSM_PIN must be username:password')
  return { role: ROLES[role as Role], username: pin.slice(0, at), password: pin.slice(at + 1) }
}
