/** What of a key leaves the HSM in clear: a public key, a file that names a private key, the value of a secret key that is not sensitive. */
import type { ReferenceEncoding } from '../contract/key-files.ts'
import { allow, type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { keyAvailable } from './key-availability.ts'
import { wrongClass } from './key-class.ts'
import { holds, owns } from './key-visibility.ts'

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
export function mayExportValue({
  actor,
  key,
  circumstances,
}: About<'actor' | 'key' | 'circumstances'>): Decision<void> {
  if (key.keyClass !== 'secret-key') return wrongClass('show the value of', 'secret-key', key)
  if (!owns(actor, key)) return deny('not-owner')
  if (!key.flags.extractable) return deny('not-extractable')
  if (key.flags.sensitive) return deny('value-sensitive')
  return keyAvailable(circumstances, key.flags.token)
}
