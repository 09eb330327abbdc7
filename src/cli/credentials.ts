/** Who a one-shot command logs in as. */
import { HsmError } from '../contract/errors.ts'
import { checkWhole } from '../contract/text.ts'
import type { Role } from '../contract/users.ts'
import type { Credentials } from './cluster-login.ts'

const ROLES = { admin: 'admin', 'crypto-user': 'crypto-user' } as const satisfies Record<Role, Role>

/**
 * @param env has `CLOUDHSM_ROLE`, and `CLOUDHSM_PIN`: `username:password`, a username having no colon
 * @param prefix of both names, for the destination of a command between two clusters
 * @throws HsmError naming the variable that is missing or wrong, never its value
 */
export function credentials(
  env: Readonly<Record<string, string | undefined>>,
  prefix: '' | 'DESTINATION_',
): Credentials {
  const [ROLE, PIN] = [`${prefix}CLOUDHSM_ROLE`, `${prefix}CLOUDHSM_PIN`]
  const [role, pin] = [env[ROLE], env[PIN]]
  const where = prefix === '' ? '' : ' to the destination'
  for (const name of [ROLE, PIN]) checkWhole(name, env[name] ?? '')
  if (role === undefined && pin === undefined) {
    throw new HsmError('not-logged-in', `Not logged in${where}: set ${ROLE} and ${PIN}`)
  }
  if (role === undefined) throw new HsmError('not-logged-in', `${PIN} is set but ${ROLE} is not`)
  if (pin === undefined) throw new HsmError('not-logged-in', `${ROLE} is set but ${PIN} is not`)
  if (!Object.hasOwn(ROLES, role)) {
    throw new HsmError('invalid-request', `${ROLE} must be crypto-user or admin`)
  }
  const at = pin.indexOf(':')
  if (at < 0) throw new HsmError('invalid-request', `${PIN} must be username:password`)
  return { role: ROLES[role as Role], username: pin.slice(0, at), password: pin.slice(at + 1) }
}
