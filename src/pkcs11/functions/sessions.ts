/** Sessions, and who is logged in in them (PKCS#11 v2.40 §5.6). */
import { type Application, closeSession } from '../application.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { login, logoutUser, setPin } from '../login.ts'
import { end, type Kind } from '../operations/steps.ts'
import { SLOT } from '../token.ts'
import type { Functions } from './function.ts'
import { checkSlot } from './general.ts'

const RW_SESSION = 2
const SERIAL_SESSION = 4

/** CKS_RO_PUBLIC_SESSION, CKS_RO_USER_FUNCTIONS, CKS_RW_PUBLIC_SESSION, CKS_RW_USER_FUNCTIONS. */
const STATE = { readOnly: 0, readOnlyUser: 1, readWrite: 2, readWriteUser: 3 } as const

/** Flags of C_SessionCancel (PKCS#11 v3.0 §5.6.10): those of the mechanisms. */
const CANCELLED: readonly (readonly [flag: number, kind: Kind])[] = [
  [0x2, 'messageEncrypt'],
  [0x4, 'messageDecrypt'],
  [0x8, 'messageSign'],
  [0x10, 'messageVerify'],
  [0x40, 'find'],
  [0x100, 'encrypt'],
  [0x200, 'decrypt'],
  [0x400, 'digest'],
  [0x800, 'sign'],
  [0x2000, 'verify'],
]

export const SESSIONS = {
  C_OpenSession({ sessions }, slot, flags) {
    checkSlot(slot)
    if (!(flags & SERIAL_SESSION)) refuse(CKR.SESSION_PARALLEL_NOT_SUPPORTED)
    return [sessions.open((flags & RW_SESSION) !== 0).handle]
  },
  async C_CloseSession(application, handle) {
    await closeSession(application, application.sessions.get(handle))
    return []
  },
  async C_CloseAllSessions(application, slot) {
    checkSlot(slot)
    for (const session of application.sessions.all()) await closeSession(application, session)
    return []
  },
  C_GetSessionInfo({ sessions, account }, handle) {
    const { readWrite } = sessions.get(handle)
    return [SLOT, state(readWrite, account), SERIAL_SESSION | (readWrite ? RW_SESSION : 0), 0]
  },
  async C_Login(application, handle, userType, pin) {
    return [await login(application, handle, userType, pin)]
  },
  async C_LoginUser(application, handle, userType, pin, username) {
    return [await login(application, handle, userType, pin, username)]
  },
  async C_Logout(application, handle) {
    await logoutUser(application, handle)
    return []
  },
  async C_SetPIN(application, handle, oldPin, newPin) {
    await setPin(application, handle, oldPin, newPin)
    return []
  },
  async C_SessionCancel({ sessions }, handle, flags) {
    const session = sessions.get(handle)
    for (const [flag, kind] of CANCELLED) if (flags & flag) await end(session, kind)
    return []
  },
} satisfies Partial<Functions>

function state(readWrite: boolean, account: Application['account']): number {
  if (readWrite) return account.loggedIn() ? STATE.readWriteUser : STATE.readWrite
  return account.loggedIn() ? STATE.readOnlyUser : STATE.readOnly
}
