import * as v from 'valibot'
import { LIMITS } from './limits.ts'
import { shown } from './shown.ts'
import { isWhole } from './text.ts'

/** Roles that can be asked for, at login and for a new user. */
export const ROLES = ['crypto-user', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Roles that `user list` can show; the last two cannot be asked for. */
export type ShownRole = Role | 'unactivated-admin' | 'internal(APPLIANCE_USER)'

/** As `ROLES` has them. */
export const role = v.picklist(ROLES)

/** 1 to 31 of `a-z 0-9 _`; letter case is dropped, as everywhere usernames are shown and matched. */
export const username = v.pipe(
  v.string(),
  v.nonEmpty('Invalid username: it must not be empty'),
  v.maxLength(
    LIMITS.usernameLength,
    `Invalid username: it must be at most ${LIMITS.usernameLength} characters`,
  ),
  v.check(
    (name) => badCharacter(name) === undefined,
    ({ input }) => `Invalid username: character '${shown(badCharacter(input) ?? '')}' is not allowed`,
  ),
  v.toLowerCase(),
)

/** What names a user in a request. */
export const account = { username, role }

/** Whether it names a user who can be asked for. */
export const isAccount = (value: object): boolean => v.is(v.object(account), value)

const feature = v.object({ strategy: v.string(), status: v.string() })

/** How a user is shown, members in the order in which they are printed. */
export const userInfo = v.object({
  username: v.string(),
  role: v.string(),
  locked: v.string(),
  mfa: v.array(feature),
  quorum: v.array(feature),
  'cluster-coverage': v.string(),
})

const badCharacter = (name: string): string | undefined => /[^a-zA-Z0-9_]/u.exec(name)?.[0]

/** Bytes that were not UTF-8 have all become the same character on their way here, and would be the same password. */
const NO_TEXT = 'Password is not Unicode text'

/** A password being set. Its characters are counted as Unicode code points. */
export const newPassword = v.pipe(
  v.string(),
  v.maxLength(LIMITS.passwordMax * 2, lengthRule()),
  v.check(
    (text) => [...text].length >= LIMITS.passwordMin && [...text].length <= LIMITS.passwordMax,
    lengthRule(),
  ),
  v.check((text) => !text.includes(':'), "Password must not contain ':'"),
  v.check(isWhole, NO_TEXT),
)

/** A password being tried: any text that could have been set, and some that could not. */
export const triedPassword = v.pipe(
  v.string(),
  v.maxLength(1024, 'password is too long'),
  v.check(isWhole, NO_TEXT),
)

function lengthRule(): string {
  return `Password must be ${LIMITS.passwordMin} to ${LIMITS.passwordMax} characters`
}
