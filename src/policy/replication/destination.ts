/** What may come into a cluster from a clone of it. */
import type { Capacity } from '../../contract/limits.ts'
import type { ClusterRecord, KeyRecord, UserRecord } from '../../model/records.ts'
import type { Actor } from '../actor.ts'
import { type KeyRoom, keysFit } from '../capacity.ts'
import { allow, type Decision, deny, type Refusal } from '../decision.ts'
import { type Availability, keyAvailable } from '../key-availability.ts'
import { isLocked } from '../login.ts'
import { mayArrive } from '../trusted-wrapping/replicas.ts'
import { type Clone, mayReplicate } from './source.ts'

type KeyFacts = {
  /** Of the key, as its record has it. */
  readonly material: string
  readonly cluster: ClusterRecord
  /** The same with the reference of the key taken. */
  readonly counted: ClusterRecord
  readonly source: Clone
  /** What stands under the reference here, if anything does. */
  readonly standing: 'nothing' | 'the same' | 'another'
  /** Name of the owner, or of somebody it is shared with, who is no crypto user here. */
  readonly missing: string | undefined
  readonly availability: Availability
  readonly room: KeyRoom
}

/**
 * The key with its reference, attributes, owner and shares; all of these users must be here, as the users that they are
 * at the source. What is here already in the same way stays as it is.
 */
export function mayImportKey(actor: Actor, key: KeyRecord, has: KeyFacts): Decision<KeyRecord> {
  if (!mayReplicate(actor, key)) return deny('not-owner')
  if (has.missing !== undefined) {
    return deny('user-not-found', `User ${has.missing} does not exist on the destination cluster`)
  }
  if (has.standing === 'another') return failed('Key', has.availability)
  if (has.standing === 'the same') return allow(key)
  const arrives = mayArrive(has.cluster, has.source, key)
  if (!arrives.allow) return arrives
  const available = keyAvailable(has.availability, key.flags.token)
  if (!available.allow) return available
  const fits = keysFit(has.room, [key])
  if (!fits.allow) return fits
  return allow(
    key,
    { put: key, material: has.material },
    ...(has.counted === has.cluster ? [] : [{ put: has.counted }]),
  )
}

type UserFacts = {
  readonly namesake: UserRecord | undefined
  readonly users: readonly UserRecord[]
  readonly hsms: Pick<Availability, 'liveHsms'>
  readonly capacity: Capacity
  /** Keys that still name the user as one they are shared with, from before the user was deleted here. */
  readonly staleShares: number
}

/** The same user as at the source, with id and password; none of the shares that ended here with the user come back. */
export function mayImportUser(user: UserRecord, has: UserFacts): Decision<UserRecord> {
  const standing = has.users.find(({ id }) => id === user.id)
  if (standing && isSame(standing, user)) return allow(standing)
  if (standing || has.namesake) return failed('User', has.hsms)
  if (has.users.length >= has.capacity.users) return deny('user-capacity')
  if (has.staleShares > 0) return deny('busy')
  const arrived: UserRecord = {
    ...user,
    survivingSession: undefined,
    ordinal: 1 + Math.max(0, ...has.users.map(({ ordinal }) => ordinal)),
  }
  return allow(arrived, { put: arrived })
}

const isSame = (one: UserRecord, other: UserRecord): boolean =>
  one.username === other.username &&
  one.role === other.role &&
  one.password === other.password &&
  isLocked(one) === isLocked(other)

/** A change reaches all HSMs of a cluster or none. */
const failed = (what: 'Key' | 'User', { liveHsms }: Pick<Availability, 'liveHsms'>): Refusal =>
  deny('replicate-failed', `${what} replicate failed on ${liveHsms} of ${liveHsms} connections`)
