import type { Access } from '../contract/operations/operation.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny } from './decision.ts'

/** Whether this actor may ask for an operation at all, whatever it is about. */
export function mayAsk(actor: Actor, access: Access): Decision<void> {
  if (access === 'anyone') return allow(undefined)
  if (actor.role === 'nobody') return deny('not-logged-in')
  if (access === 'session' || actor.role === access) return allow(undefined)
  return deny('not-permitted', `Only a user with the role ${access} can do this`)
}
