/** Session keys are records like any other, but of the session: they never reach the store. */
import { type KeyRecord, type RecordKey, recordKey, type Write } from '../model/records.ts'
import { revocationsOf } from '../policy/revocation.ts'
import type { Call, Parts } from './parts.ts'
import type { Session } from './sessions.ts'

const isSessionKey = (write: Write): boolean =>
  'put' in write && write.put.kind === 'key' && !write.put.flags.token

const keyOf = (write: Write): RecordKey => ('put' in write ? recordKey(write.put) : write.delete)

/** The writes that the store gets: all but those to keys of the session. */
export const storedWrites = ({ session }: Call, writes: readonly Write[]): readonly Write[] =>
  writes.filter((write) => !isSessionKey(write) && !('delete' in write && session?.keys.get(write.delete)))

/** Carries out the writes to keys of the session, and waits for the uses they end. */
export async function applySessionWrites(
  parts: Parts,
  { session }: Call,
  writes: readonly Write[],
): Promise<void> {
  if (!session) return
  const own = writes.filter((write) => isSessionKey(write) || session.keys.get(keyOf(write)))
  for (const write of own) await applyOwn(parts, session, write)
}

async function applyOwn({ uses, keyring }: Parts, session: Session, write: Write): Promise<void> {
  // A session key that has become a token key leaves.
  const before = session.keys.apply(isSessionKey(write) ? write : { delete: keyOf(write) })
  const revocations = revocationsOf(before, 'put' in write ? write.put : undefined)
  if (before && revocations.length > 0) keyring.drop(before.id)
  await uses.revoke(revocations)
}

/** A reference no token key can have: token keys count up from the bottom, these are random above 2^46. */
export function sessionReference(random: Parts['random']): KeyRecord['id'] {
  const digits = Buffer.from(random(5)).toString('hex')
  return `0x000040${digits}`
}
