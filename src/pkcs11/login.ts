/** C_Login, C_LoginUser, C_Logout and C_SetPIN (PKCS#11 v2.40 §5.6). */

import { fromUtf8 } from '../contract/text.ts'
import { type Application, logout } from './application.ts'
import { CKR, type ReturnValue } from './cryptoki/returns.ts'
import { type Meanings, meaning, refuse } from './errors.ts'
import type { Credentials } from './held-login.ts'

const CKU = { SO: 0, USER: 1, CONTEXT_SPECIFIC: 2 } as const

/** What `session.login` says of a name that cannot be one; whether a user exists is told to nobody. */
const WRONG: Meanings = {
  'bad-credentials': CKR.PIN_INCORRECT,
  'invalid-request': CKR.PIN_INCORRECT,
  'user-not-found': CKR.PIN_INCORRECT,
  'user-locked': CKR.PIN_LOCKED,
}

/**
 * C_Login with the PIN `user:password`, or C_LoginUser with both by themselves.
 *
 * @param pin undefined: the token should ask for it by itself, which it cannot
 * @returns what resumes the login; undefined: nothing does
 */
export function login(
  application: Application,
  handle: number,
  userType: number,
  pin: Buffer | undefined,
  username?: Buffer,
): Promise<string | undefined> {
  const { account, logins, sessions } = application
  return logins.run('login', async () => {
    sessions.get(handle)
    checkUserType(userType)
    if (account.loggedIn()) refuse(CKR.USER_ALREADY_LOGGED_IN)
    if (!pin) return refuse(CKR.ARGUMENTS_BAD)
    const credentials = username?.length
      ? { username: textIn(username), password: textIn(pin) }
      : credentialsOf(pin)
    await meaning(WRONG, () => account.login(credentials))
    return account.snapshot()?.credential
  })
}

/** There is no security officer here; keys that ask for the PIN at each use neither. */
function checkUserType(userType: number): void {
  if (userType === CKU.CONTEXT_SPECIFIC) refuse(CKR.OPERATION_NOT_INITIALIZED)
  if (userType !== CKU.USER) refuse(CKR.USER_TYPE_INVALID)
}

/** @param value what a PIN that is not UTF-8 is answered with: no password is, so it is nobody's */
const textIn = (pin: Buffer, value: ReturnValue = CKR.PIN_INCORRECT): string =>
  fromUtf8(pin) ?? refuse(value, 'The PIN is not UTF-8')

const COLON = ':'.charCodeAt(0)

/**
 * Usernames have no colon, so the first one ends it. Each becomes a text of its own: a slice of one would keep the whole PIN for
 * as long as the username is kept.
 */
function credentialsOf(pin: Buffer, value: ReturnValue = CKR.PIN_INCORRECT): Credentials {
  const at = pin.indexOf(COLON)
  if (at < 0) return refuse(CKR.PIN_INCORRECT, 'The PIN has no colon: it must be user:password')
  return { username: textIn(pin.subarray(0, at), value), password: textIn(pin.subarray(at + 1), value) }
}

/** C_Logout */
export function logoutUser(application: Application, handle: number): Promise<void> {
  const { account, logins, sessions } = application
  return logins.run('login', async () => {
    sessions.get(handle)
    if (!account.loggedIn()) refuse(CKR.USER_NOT_LOGGED_IN)
    await logout(application)
  })
}

/** C_SetPIN. The new PIN is `user:password` too, or the new password alone. */
export function setPin(
  application: Application,
  handle: number,
  oldPin: Buffer | undefined,
  newPin: Buffer | undefined,
): Promise<void> {
  const { account, logins, sessions } = application
  return logins.run('login', async () => {
    if (!sessions.get(handle).readWrite) refuse(CKR.SESSION_READ_ONLY)
    if (!account.loggedIn()) refuse(CKR.USER_NOT_LOGGED_IN)
    if (!oldPin || !newPin) return refuse(CKR.ARGUMENTS_BAD)
    const { username, password } = credentialsOf(oldPin)
    const next = newPin.includes(COLON)
      ? credentialsOf(newPin, CKR.PIN_INVALID)
      : { username, password: textIn(newPin, CKR.PIN_INVALID) }
    const isOwn = [username, next.username].every((name) => name.toLowerCase() === account.username())
    if (!isOwn) refuse(CKR.PIN_INCORRECT, 'Only the password of the user who is logged in can be changed')
    await meaning({ ...WRONG, 'invalid-request': CKR.PIN_INVALID }, () =>
      account.changePassword(password, next.password),
    )
  })
}
