/** Session keys are records like any other, but of the session: they never reach the store. */
import type { KeyRecord, RecordKey, Write } from '../model/records.ts'
import { recordKey } from '../model/records.ts'
import { revocationsOf } from '../policy/revocation.ts'
import type { Call, Parts } from './parts.ts'

const isSessionKey = (write: Write): boolean =>
  'put' in write && write.put.kind === 'key' && !write.put.flags.token

/** The writes that the store gets: all but those to keys of the session. */
export const storedWrites = ({ session }: Call, writes: readonly Write[]): readonly Write[] =>
  writes.filter((write) => !isSessionKey(write) && !('delete' in write && session?.keys.get(write.delete)))

/** Carries out the other writes, and waits for the uses they end. A session key that became a token key leaves. */
export async function applySessionWrites(
  { uses }: Parts,
  { session }: Call,
  writes: readonly Write[],
): Promise<void> {
  if (!session) return
  for (const write of writes) {
    const key: RecordKey = 'put' in write ? recordKey(write.put) : write.delete
    if (!isSessionKey(write) && !session.keys.get(key)) continue
    const before = session.keys.apply(isSessionKey(write) ? write : { delete: key })
    await uses.revoke(revocationsOf(before, 'put' in write ? write.put : undefined))
  }
}

/** A reference no token key can have: token keys count up from the bottom, these are random above 2^46. */
export function sessionReference(random: Parts['random']): KeyRecord['id'] {
  const digits = Buffer.from(random(5)).toString('hex')
  return `0x000040${digits}`
}
