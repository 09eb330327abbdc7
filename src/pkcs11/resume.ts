/** A program of our own module goes on in another connection when its own broke: the HSM was restarted, or is another one. */
import { type Application, type ApplicationNeeds, createApplication } from './application.ts'
import { BOUNDS } from './bounds.ts'
import { CKR } from './cryptoki/returns.ts'
import { refuse } from './errors.ts'
import type { CallArguments } from './rpc/requests.ts'
import type { SessionsSnapshot } from './sessions.ts'

/**
 * What the module says that it had: the last session that was opened (no number is given out twice), the read-only and the read-write
 * sessions, and what resumes its login (undefined: it had none). It is believed in nothing but the numbers of its own sessions.
 */
export type Remembered = CallArguments<'Resume'>

/**
 * An application with the same sessions, and the login if the HSM resumes that. Throws CKR_ARGUMENTS_BAD for numbers that no sessions
 * can have had.
 */
export const remembered = (
  needs: ApplicationNeeds,
  offered: number,
  [last, readOnly, readWrite, credential]: Remembered,
): Application =>
  createApplication(needs, offered, {
    login: credential && { username: undefined, credential: credential.toString('latin1') },
    sessions: { last: numberOf(last), open: sessionsOf(last, readOnly, readWrite) },
  })

/** The module has 32 bits for them. */
const numberOf = (number: number): number => (number < 2 ** 32 ? number : refuse(CKR.ARGUMENTS_BAD))

function sessionsOf(
  last: number,
  readOnly: readonly number[],
  readWrite: readonly number[],
): SessionsSnapshot['open'] {
  const all = [
    ...readOnly.map((handle) => ({ handle, readWrite: false })),
    ...readWrite.map((handle) => ({ handle, readWrite: true })),
  ]
  const handles = new Set(all.map(({ handle }) => handle))
  const arePlausible = handles.size === all.length && all.length <= BOUNDS.sessions
  const areGivenOut = handles.values().every((handle) => handle >= 1 && handle <= last)
  return arePlausible && areGivenOut ? all : refuse(CKR.ARGUMENTS_BAD)
}

/** Whether somebody is logged in. Throws `not-serving` and the like when the HSM cannot tell. */
export async function resume({ account, token }: Application): Promise<boolean> {
  await token.mode()
  await account.resume()
  return account.loggedIn()
}
