import type { KeyClass } from '../contract/attributes.ts'
import { MECHANISM_KEY_TYPE, type Mechanism } from '../contract/mechanisms.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny } from './decision.ts'
import { type Availability, keyAvailable } from './key-availability.ts'
import { holds } from './key-visibility.ts'

/** The owner and the users it is shared with sign with a private key whose `sign` is set. */
export function maySign(
  actor: Actor,
  key: KeyRecord,
  mechanism: Mechanism,
  availability: Availability,
): Decision<void> {
  if (key.keyClass !== 'private-key') return wrongClass('sign with', 'private-key', key)
  if (!holds(actor, key)) return deny('not-permitted')
  if (!key.flags.sign) return deny('key-function', 'The key cannot sign: its attribute sign is false')
  return fits(key, mechanism, availability)
}

/** Every crypto user verifies with any public key whose `verify` is set. */
export function mayVerify(
  actor: Actor,
  key: KeyRecord,
  mechanism: Mechanism,
  availability: Availability,
): Decision<void> {
  if (key.keyClass !== 'public-key') return wrongClass('verify with', 'public-key', key)
  if (actor.role !== 'crypto-user') return deny('not-permitted')
  if (!key.flags.verify) return deny('key-function', 'The key cannot verify: its attribute verify is false')
  return fits(key, mechanism, availability)
}

/** Every crypto user reads any public key. */
export function mayExportPublic(actor: Actor, key: KeyRecord): Decision<void> {
  if (key.keyClass !== 'public-key') return wrongClass('export', 'public-key', key)
  return actor.role === 'crypto-user' ? allow(undefined) : deny('not-permitted')
}

function fits(key: KeyRecord, mechanism: Mechanism, availability: Availability): Decision<void> {
  if (MECHANISM_KEY_TYPE[mechanism.name] !== key.keyType) {
    return deny('key-type', `The mechanism ${mechanism.name} does not work with a key of type ${key.keyType}`)
  }
  return keyAvailable(availability, key.flags.token)
}

const wrongClass = (verb: string, needed: KeyClass, key: KeyRecord) =>
  deny('key-type', `To ${verb} a key it must be a ${needed}, not a ${key.keyClass}`)
