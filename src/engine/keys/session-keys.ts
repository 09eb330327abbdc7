/** Keys and certificates of a session are records like any other, but of the session: they never reach the store. */
import { type KeyRecord, type RecordKey, recordKey, type Write } from '../../model/records.ts'
import { revocationsOf } from '../../policy/revocation.ts'
import type { Session } from '../../session/sessions.ts'
import type { Call } from '../call.ts'
import type { Parts } from '../parts.ts'

const isOfSession = (write: Write): boolean => {
  if (!('put' in write)) return false
  const { put } = write
  return put.kind === 'key' ? !put.flags.token : put.kind === 'certificate' && isSessionReference(put.id)
}

const keyOf = (write: Write): RecordKey => ('put' in write ? recordKey(write.put) : write.delete)

/** The writes that the store gets: all but those to what is the session's own. A key that leaves the session takes its material along. */
export const storedWrites = (
  { materials }: Pick<Parts, 'materials'>,
  { session }: Call,
  writes: readonly Write[],
): readonly Write[] =>
  writes
    .filter((write) => !isOfSession(write) && !('delete' in write && session?.keys.get(write.delete)))
    .map((write) =>
      'put' in write && session?.keys.get(recordKey(write.put))
        ? { ...write, material: materials.ofSession(write.put.id) }
        : write,
    )

/** Carries out the writes to what is the session's own, and waits for the uses they end. */
export async function applySessionWrites(
  parts: Parts,
  { session }: Call,
  writes: readonly Write[],
): Promise<void> {
  if (!session) return
  const own = writes.filter((write) => isOfSession(write) || session.keys.get(keyOf(write)))
  for (const write of own) await applyOwn(parts, session, write)
}

async function applyOwn({ uses, keyring, materials }: Parts, session: Session, write: Write): Promise<void> {
  const stays = 'put' in write && isOfSession(write)
  // A session key that has become a token key leaves.
  const before = session.keys.apply(stays ? write : { delete: keyOf(write) })
  if (!stays && before) materials.forget(before.id)
  else if (stays && write.material !== undefined) materials.keep(session.id, write.put.id, write.material)
  const revocations = revocationsOf(before, 'put' in write ? write.put : undefined)
  if (before && revocations.length > 0) keyring.drop(before.id)
  await uses.revoke(revocations)
}

const SESSION = '0x000040'

/** A reference nothing in the store can have: those count up from the bottom, these are random above 2^46. */
export const sessionReference = (random: Parts['random']): KeyRecord['id'] =>
  `${SESSION}${Buffer.from(random(5)).toString('hex')}`

/** What was made in a session, even if it has left it since. */
export const isSessionReference = (reference: string): boolean => reference.startsWith(SESSION)
