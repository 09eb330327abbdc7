import { factsOf, type KeyKind, kindOf } from '../contract/key-kinds.ts'
import { kindsIn } from '../contract/mechanism-table.ts'
import { DERIVATIONS, type Derivation } from '../contract/mechanisms.ts'
import type { KeyRecord } from '../model/records.ts'
import { all, type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { mechanismFits } from './hsm-profile/mechanisms.ts'
import { keyAvailable } from './key-availability.ts'
import { owns } from './key-visibility.ts'
import { mayDeriveFrom } from './trusted-wrapping/derivation.ts'

type Deriving = { readonly mechanism: Derivation }

/** Only the owner derives: what is derived would outlive the share. */
export function mayDerive(
  { actor, key, cluster, circumstances }: About<'actor' | 'key' | 'cluster' | 'circumstances'>,
  { mechanism }: Deriving,
): Decision<void> {
  if (!isBase(key, mechanism)) return wrongBase(mechanism)
  if (!owns(actor, key)) return deny('not-owner')
  if (!key.flags.derive) return deny('key-function', 'The key cannot derive: its attribute derive is false')
  return all(
    mechanismFits(circumstances.profile, 'derive', mechanism.name),
    mayDeriveFrom(cluster, key),
    keyAvailable(circumstances, key.flags.token),
  )
}

/** Whether the mechanism derives from such keys at all. */
function isBase({ keyClass, keyType, ec }: KeyRecord, mechanism: Derivation): boolean {
  const kind = kindOf(keyType, ec?.curve)
  const { secret } = factsOf(kind)
  return keyClass === (secret ? 'secret-key' : 'private-key') && basesOf(mechanism).includes(kind)
}

/** Of the kinds of key that the mechanism takes, AES-CMAC works with one. */
const basesOf = (mechanism: Derivation): readonly KeyKind[] =>
  mechanism.name === 'counter-kdf' && mechanism.prf === 'aes-cmac'
    ? ['aes']
    : kindsIn(DERIVATIONS[mechanism.name])

function wrongBase(mechanism: Derivation): Decision<void> {
  if (mechanism.name === 'ecdh') {
    return deny(
      'key-type',
      'To derive with ecdh a key must be the private key of an EC pair on a Weierstrass curve',
    )
  }
  const types = basesOf(mechanism).join(' or ')
  return deny('key-type', `To derive with ${mechanism.prf} a key must be a secret-key of type ${types}`)
}
