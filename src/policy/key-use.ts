import type { KeyClass } from '../contract/attributes.ts'
import { byteLength } from '../contract/bytes.ts'
import type { ReferenceEncoding } from '../contract/key-files.ts'
import { factsOf } from '../contract/key-kinds.ts'
import { MECHANISM_KEY_TYPE, type Mechanism, type MechanismName, SIGNING } from '../contract/mechanisms.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Circumstances } from './circumstances.ts'
import { allow, type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { digestsFit, hashFits } from './hsm-profile/digests.ts'
import { mechanismFits } from './hsm-profile/mechanisms.ts'
import { keyAvailable } from './key-availability.ts'
import { holds, owns } from './key-visibility.ts'

type Using = About<'actor' | 'key' | 'circumstances'>
/** `data`: base64; left out while it is not known. */
type Signing = { readonly mechanism: Mechanism; readonly data?: readonly string[] | undefined }

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

/** Every crypto user reads any public key. */
export function mayExportPublic({ actor, key }: About<'actor' | 'key'>): Decision<void> {
  if (key.keyClass !== 'public-key') return wrongClass('export', 'public-key', key)
  return actor.role === 'crypto-user' ? allow(undefined) : deny('not-permitted')
}

/** Whoever may use a private key may have a file that names it, in the encoding that is for its type. */
export function mayExportReference(
  { actor, key }: About<'actor' | 'key'>,
  { encoding }: { readonly encoding: ReferenceEncoding },
): Decision<void> {
  if (key.keyClass !== 'private-key') return wrongClass('refer to', 'private-key', key)
  if (!holds(actor, key)) return deny('not-permitted')
  const isNew = key.keyType === 'ml-dsa' || key.ec?.curve === 'ed25519'
  const fitting = isNew ? 'cloudhsm-reference-pem' : 'reference-pem'
  if (encoding === fitting) return allow(undefined)
  return deny('key-type', `A reference to this key has the encoding ${fitting}, not ${encoding}`)
}

/** The owner reads the value of a secret key that was made to be shown, and nobody reads any other. */
export function mayExportValue({ actor, key, circumstances }: Using): Decision<void> {
  if (key.keyClass !== 'secret-key') return wrongClass('show the value of', 'secret-key', key)
  if (!owns(actor, key)) return deny('not-owner')
  if (!key.flags.extractable) return deny('not-extractable')
  if (key.flags.sensitive) return deny('value-sensitive')
  return keyAvailable(circumstances, key.flags.token)
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
  return digestsFit(circumstances, key, mechanism, data.map(byteLength))
}

const isEdDsa = (name: MechanismName): boolean => SIGNING[name].keys === 'edwards'

const wrongClass = (verb: string, needed: KeyClass, key: KeyRecord) =>
  deny('key-type', `To ${verb} a key it must be a ${needed}, not a ${key.keyClass}`)
