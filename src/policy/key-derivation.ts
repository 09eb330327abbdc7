import type { KeyRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { type Decision, deny } from './decision.ts'
import { type Availability, keyAvailable } from './key-availability.ts'

/** Only the owner derives: what is derived would outlive the share. */
export function mayDerive(actor: Actor, key: KeyRecord, availability: Availability): Decision<void> {
  if (key.keyClass !== 'private-key' || key.keyType !== 'ec' || key.ec?.curve === 'ed25519') {
    return deny(
      'key-type',
      'To derive from a key it must be the private key of an EC pair on a Weierstrass curve',
    )
  }
  if (actor.role !== 'crypto-user' || key.owner !== actor.id) return deny('not-owner')
  if (!key.flags.derive) return deny('key-function', 'The key cannot derive: its attribute derive is false')
  return keyAvailable(availability, key.flags.token)
}
