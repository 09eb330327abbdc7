/** C_GetInfo, slots, the token and its mechanisms (PKCS#11 v2.40 §5.4 and §5.5). */
import { BOUNDS } from '../bounds.ts'
import { CKR } from '../cryptoki/returns.ts'
import { UNAVAILABLE } from '../cryptoki/unavailable.ts'
import { refuse } from '../errors.ts'
import { mechanismInfo, mechanismsIn, messageFlags } from '../mechanisms/info.ts'
import { isOwn } from '../rpc/dialect.ts'
import type { NumberList } from '../rpc/signatures.ts'
import {
  CRYPTOKI_VERSION,
  LIBRARY_DESCRIPTION,
  MANUFACTURER,
  MODEL,
  PIN_LENGTH,
  SLOT,
  SLOT_DESCRIPTION,
  SLOT_FLAGS,
  TOKEN_FLAGS,
  TOKEN_LABEL,
} from '../token.ts'
import type { Functions } from './function.ts'

/** Throws CKR_SLOT_ID_INVALID. */
export function checkSlot(slot: number): void {
  if (slot !== SLOT) refuse(CKR.SLOT_ID_INVALID)
}

/** CKF_DONT_BLOCK of C_WaitForSlotEvent. */
const DONT_BLOCK = 1

export const GENERAL = {
  C_GetInfo: ({ token }) => [
    CRYPTOKI_VERSION,
    padded(MANUFACTURER, 32),
    0,
    padded(LIBRARY_DESCRIPTION, 32),
    token.version,
  ],
  C_GetSlotList: (_, _tokenPresent, bufferCount) => [listed([SLOT], bufferCount)],
  C_GetSlotInfo({ token }, slot) {
    checkSlot(slot)
    return [padded(SLOT_DESCRIPTION, 64), padded(MANUFACTURER, 32), SLOT_FLAGS, token.version, token.version]
  },
  async C_GetTokenInfo({ token, sessions }, slot) {
    checkSlot(slot)
    const serial = await token.serial()
    const open = sessions.all()
    const readWrite = open.filter((session) => session.readWrite)
    return [
      padded(TOKEN_LABEL, 32),
      padded(MANUFACTURER, 32),
      padded(MODEL, 16),
      padded(serial, 16),
      TOKEN_FLAGS,
      BOUNDS.sessions,
      open.length,
      BOUNDS.sessions,
      readWrite.length,
      PIN_LENGTH.max,
      PIN_LENGTH.min,
      UNAVAILABLE,
      UNAVAILABLE,
      UNAVAILABLE,
      UNAVAILABLE,
      token.version,
      token.version,
      padded('', 16),
    ]
  },
  async C_GetMechanismList({ token }, slot, bufferCount) {
    checkSlot(slot)
    return [listed(mechanismsIn(await token.mode()), bufferCount)]
  },
  async C_GetMechanismInfo({ token, offered }, slot, type) {
    checkSlot(slot)
    const { min, max, flags } = mechanismInfo(type, await token.mode()) ?? refuse(CKR.MECHANISM_INVALID)
    return [min, max, isOwn(offered) ? flags | messageFlags(type, flags) : flags]
  },
  /** The token is always there. */
  C_WaitForSlotEvent: (_, flags) => refuse(flags & DONT_BLOCK ? CKR.NO_EVENT : CKR.FUNCTION_NOT_SUPPORTED),
} satisfies Partial<Functions>

/** Text in the field of a structure: UTF-8, filled up with blanks. */
function padded(text: string, size: number): Buffer {
  const field = Buffer.alloc(size, ' ')
  field.write(text)
  return field
}

const listed = (numbers: readonly number[], bufferCount: number): NumberList =>
  bufferCount >= numbers.length ? { numbers } : { count: numbers.length }
