/** Every function that there is. */
import type { Functions } from './function.ts'
import { GENERAL } from './general.ts'
import { KEYS } from './keys.ts'
import { MESSAGE_FUNCTIONS } from './message-functions.ts'
import { MESSAGES } from './messages.ts'
import { OBJECTS } from './objects.ts'
import { SESSIONS } from './sessions.ts'

export const FUNCTIONS: Functions = {
  ...GENERAL,
  ...SESSIONS,
  ...OBJECTS,
  ...MESSAGES,
  ...MESSAGE_FUNCTIONS,
  ...KEYS,
}
