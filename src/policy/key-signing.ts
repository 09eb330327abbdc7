/** Signatures and MACs: who makes them and verifies them with a key. */
import { factsOf } from '../contract/key-kinds.ts'
import { MECHANISM_KEY_TYPE, type Mechanism, type MechanismName, SIGNING } from '../contract/mechanisms.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Circumstances } from './circumstances.ts'
import { type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { digestsFit, hashFits } from './hsm-profile/digests.ts'
import { mechanismFits } from './hsm-profile/mechanisms.ts'
import { keyAvailable } from './key-availability.ts'
import { wrongClass } from './key-class.ts'
import { holds } from './key-visibility.ts'

type Using = About<'actor' | 'key' | 'circumstances'>
/** `data` is left out while it is not known. */
type Signing = { readonly mechanism: Mechanism; readonly data?: readonly Uint8Array[] | undefined }

/** The owner and the users it is shared with sign with a private key, or make MACs with a secret key, whose `sign` is set. */
export function maySign({ actor, key, circumstances }: Using, { mechanism, data }: Signing): Decision<void> {
  const needed = isMac(mechanism) ? 'secret-key' : 'private-key'
  if (key.keyClass !== needed) return wrongClass('sign with', needed, key)
  if (!holds(actor, key)) return deny('not-permitted')
  if (!key.flags.sign) return deny('key-function', 'The key cannot sign: its attribute sign is false')
  return fits('sign', key, { mechanism, data }, circumstances)
}

/**
 * Every crypto user verifies with any public key whose `verify` is set. With a secret key, which is nobody else's to
 * use, only those it belongs to do.
 */
export function mayVerify(
  { actor, key, circumstances }: Using,
  { mechanism, data }: Signing,
): Decision<void> {
  const needed = isMac(mechanism) ? 'secret-key' : 'public-key'
  if (key.keyClass !== needed) return wrongClass('verify with', needed, key)
  const permitted = needed === 'secret-key' ? holds(actor, key) : actor.role === 'crypto-user'
  if (!permitted) return deny('not-permitted')
  if (!key.flags.verify) return deny('key-function', 'The key cannot verify: its attribute verify is false')
  return fits('verify', key, { mechanism, data }, circumstances)
}

const isMac = ({ name }: Mechanism): boolean => factsOf(SIGNING[name].keys).secret

function fits(
  use: 'sign' | 'verify',
  key: KeyRecord,
  { mechanism, data }: Signing,
  circumstances: Circumstances,
): Decision<void> {
  const { name } = mechanism
  if (MECHANISM_KEY_TYPE[name] !== key.keyType) {
    return deny('key-type', `The mechanism ${name} does not work with a key of type ${key.keyType}`)
  }
  if (key.ec && (key.ec.curve === 'ed25519') !== isEdDsa(name)) {
    return deny('key-type', `The mechanism ${name} does not work with a key on the curve ${key.ec.curve}`)
  }
  const mode = mechanismFits(circumstances.profile, use, name)
  if (!mode.allow) return mode
  const hash = hashFits(circumstances, key, mechanism)
  if (!hash.allow) return hash
  const available = keyAvailable(circumstances, key.flags.token)
  if (!available.allow || !data) return available
  return digestsFit(circumstances, key, mechanism, data)
}

const isEdDsa = (name: MechanismName): boolean => SIGNING[name].keys === 'edwards'
