import { type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { keyAvailable } from './key-availability.ts'
import { owns } from './key-visibility.ts'

/** Only the owner derives: what is derived would outlive the share. */
export function mayDerive({
  actor,
  key,
  circumstances,
}: About<'actor' | 'key' | 'circumstances'>): Decision<void> {
  if (key.keyClass !== 'private-key' || key.keyType !== 'ec' || key.ec?.curve === 'ed25519') {
    return deny(
      'key-type',
      'To derive from a key it must be the private key of an EC pair on a Weierstrass curve',
    )
  }
  if (!owns(actor, key)) return deny('not-owner')
  if (!key.flags.derive) return deny('key-function', 'The key cannot derive: its attribute derive is false')
  return keyAvailable(circumstances, key.flags.token)
}
