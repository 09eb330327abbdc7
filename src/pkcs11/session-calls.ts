/** Which calls belong to a session, and so wait for each other; their first argument is the session. */
import type { CallName } from './rpc/calls.ts'

const OTHERS: ReadonlySet<CallName> = new Set([
  'C_Initialize',
  'C_Finalize',
  'Resume',
  'C_GetInfo',
  'C_GetSlotList',
  'C_GetSlotInfo',
  'C_GetTokenInfo',
  'C_GetMechanismList',
  'C_GetMechanismInfo',
  'C_OpenSession',
  'C_CloseAllSessions',
  'C_WaitForSlotEvent',
])

/** Whether the first argument of the call is a session. */
export const isSessionCall = (name: CallName): boolean => !OTHERS.has(name)
